/** The first step to a first sandbox: a host, and what to do when there is none that works. */
import { html, nothing, type TemplateResult } from "lit";

import "../../components/badge.ts";
import "../../components/button.ts";
import type { StepStage } from "../../components/step.ts";
import "../../components/time.ts";
import type { Host } from "../../state/hosts.ts";
import { describeSize, renderBeat } from "../hosts/columns.ts";
import { EMULATED, explainState, renderAccelerator, renderState } from "../hosts/status.ts";
import type { HostVerdict } from "./judge-hosts.ts";

export const HOST_STAGES: Record<HostVerdict["kind"], StepStage> = {
  none: "now",
  pending: "now",
  online: "done",
  silent: "failed",
  draining: "now",
  unreachable: "failed",
};

const renderFacts = (host: Host): TemplateResult =>
  html`<p class="facts">
    <b>${host.name}</b> ${renderState(host)} ${renderAccelerator(host)}
    <span class="soft">${describeSize(host)}</span>
  </p>`;

const renderNext = (
  words: unknown,
  href: string,
  label: string,
  kind: "plain" | "primary" = "plain",
): TemplateResult =>
  html`<p class="soft">${words}</p>
    <p><wr-button kind=${kind} href=${href}>${label}</wr-button></p>`;

/** @param href where hosts are looked after */
export const renderHostStep = (verdict: HostVerdict, href: string): TemplateResult => {
  if (verdict.kind === "none") {
    return renderNext(
      "Sandboxes run on machines with the Wrenn agent. Add one: you get a line to paste on it, and it shows up here by itself.",
      href,
      "Add a host",
      "primary",
    );
  }
  const { kind, host } = verdict;
  const go = (words: unknown): TemplateResult =>
    html`${renderFacts(host)}${renderNext(words, href, "Go to the hosts")}`;
  switch (kind) {
    case "online":
      return html`${renderFacts(host)}${host.accelerator === "emulated" ? html`<p class="soft">${EMULATED}</p>` : nothing}`;
    case "pending":
      return go(
        "No machine has joined as this host yet. Paste the line from when it was added on the machine, as root. It works once, within an hour; for a new one issue another token.",
      );
    case "draining":
      return go("It is draining and takes no new sandboxes. End the drain, or add another host.");
    case "silent":
      return go(
        html`${explainState(host)} Let the server reach ${host.address ?? "its address"}: a firewall may be in
        between, or the agent was given another address than its own.`,
      );
    case "unreachable":
      return go(
        html`Its last sign of life came ${renderBeat(host)}. Start its agent again (<code
            >systemctl start wrenn-agent</code
          >
          there, or <code>up</code> where that runs it), or see why the machine is cut off.`,
      );
  }
};
