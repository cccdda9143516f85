/** What there is to say about a sandbox, line by line. */
import { html, nothing, type TemplateResult } from "lit";

import "../../components/copy.ts";
import "../../components/id.ts";
import "../../components/time.ts";
import type { Sandbox } from "../../state/sandboxes.ts";
import { formatMb, plural } from "../../text/format.ts";
import { describeReason, renderStatus } from "../sandboxes/status.ts";

export interface Fact {
  name: string;
  value: unknown;
}

const describeNetwork = ({ network }: Sandbox): TemplateResult => {
  const { allow_internet: isOpen, allow_cidrs: allowed, deny_cidrs: denied } = network;
  const rules = [
    ...(allowed.length > 0 ? [`allowed: ${allowed.join(", ")}`] : []),
    ...(denied.length > 0 ? [`refused: ${denied.join(", ")}`] : []),
  ];
  return html`${isOpen ? "Internet reachable" : "No internet"}${rules.length === 0 ? nothing : html`<small>${rules.join(" · ")}</small>`}`;
};

const describePaused = ({ paused_at: at, memory_kept: isKept }: Sandbox): TemplateResult =>
  html`${at === null ? "" : html`<wr-time value=${at}></wr-time>`}<small
      >${isKept ? "with its memory: it goes on where it was" : "without memory: it boots from its disk"}</small
    >`;

/** Left out: what does not hold in its status. */
export const factsOf = (sandbox: Sandbox): readonly Fact[] => {
  const { status, status_reason: reason, host_id: hostId, last_active_at: usedAt } = sandbox;
  return [
    {
      name: "Status",
      value: html`${renderStatus(sandbox)}${reason === "" ? nothing : html`<small>${describeReason(reason)}</small>`}`,
    },
    { name: "Id", value: html`<wr-copy chip label="sandbox id" value=${sandbox.id}></wr-copy>` },
    { name: "Template", value: sandbox.template },
    {
      name: "Size",
      value: html`${plural(sandbox.vcpus, "vCPU")} · ${formatMb(sandbox.memory_mb)} memory<small
          >${formatMb(sandbox.disk_size_mb)} disk</small
        >`,
    },
    { name: "Created", value: html`<wr-time value=${sandbox.created_at}></wr-time>` },
    ...(usedAt === null ? [] : [{ name: "Last used", value: html`<wr-time value=${usedAt}></wr-time>` }]),
    ...(status === "paused" ? [{ name: "Paused", value: describePaused(sandbox) }] : []),
    { name: "Network", value: describeNetwork(sandbox) },
    {
      name: "When asked while paused",
      value: sandbox.auto_resume ? "Traffic resumes it" : "It stays paused",
    },
    {
      name: "Host",
      value: hostId === null ? "None any more" : html`<wr-id label="host" value=${hostId}></wr-id>`,
    },
  ];
};
