/** A host's state in words and colour. */
import { html, nothing, type TemplateResult } from "lit";
import { ifDefined } from "lit/directives/if-defined.js";

import "../../components/badge.ts";
import "../../components/dot.ts";
import type { Tone } from "../../components/dot.ts";
import type { Host, HostWork } from "../../state/hosts.ts";
import { type HostState, stateOf } from "./state-of.ts";

const FACES: Record<HostState, { label: string; tone: Tone; hint: string }> = {
  pending: { label: "Not joined", tone: "busy", hint: "No machine has used its token yet." },
  online: { label: "Online", tone: "good", hint: "" },
  silent: {
    label: "Not reached",
    tone: "warn",
    hint: "It reports to the server, but the server's calls do not get through to it: nothing is put on it.",
  },
  unreachable: { label: "Unreachable", tone: "bad", hint: "It has not reported for too long." },
};

export const stateLabel = (host: Host): string => FACES[stateOf(host)].label;

/** What is wrong, in a sentence; empty when nothing is. */
export const explainState = (host: Host): string => host.status_reason || FACES[stateOf(host)].hint;

export const renderState = (host: Host): TemplateResult => {
  const { label, tone } = FACES[stateOf(host)];
  const words = explainState(host);
  return html`<wr-dot tone=${tone} ?pulse=${stateOf(host) === "online"} title=${ifDefined(words || undefined)}
    >${label}</wr-dot
  >`;
};

export const EMULATED =
  "This machine has no /dev/kvm that works: sandboxes are emulated in software. They do the same, several times slower.";

export const renderAccelerator = ({ accelerator }: Host): TemplateResult | typeof nothing => {
  if (accelerator === null) return nothing;
  return accelerator === "kvm"
    ? html`<wr-badge tone="good" title="Sandboxes run on the processor itself.">KVM</wr-badge>`
    : html`<wr-badge tone="warn" title=${EMULATED}>Emulated</wr-badge>`;
};

const WORK: Record<string, string> = {
  template_build: "Building template",
  template_copy: "Copying template",
  flatten: "Tidying disks of",
  journal: "Reading its journal",
};

export const describeWork = ({ kind, subject }: HostWork): string =>
  `${WORK[kind] ?? kind.replaceAll("_", " ")} ${subject}`.trim();
