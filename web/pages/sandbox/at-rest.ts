/** What stands in place of whatever needs a running sandbox: why it is not there, and the way back. */
import { html, type TemplateResult } from "lit";

import "../../components/button.ts";
import "../../components/empty.ts";
import { hasEnded, type Sandbox, type SandboxStatus } from "../../state/sandboxes.ts";
import { resumeAll } from "../sandboxes/actions.ts";
import { describeReason } from "../sandboxes/status.ts";

const WAITING: Partial<Record<SandboxStatus, string>> = {
  pending: "It is starting. This goes on by itself.",
  pausing: "It is being paused.",
  resuming: "It is resuming. This goes on by itself.",
  missing: "Its host does not answer just now. When it does, this goes on by itself.",
};

const endedText = ({ status_reason: reason }: Sandbox): string =>
  reason === "" ? "Nothing runs in it any more." : `Why: ${describeReason(reason)}.`;

/** @param what is to be seen here when it runs: `Its files` */
export const renderAtRest = (sandbox: Sandbox, what: string): TemplateResult => {
  const { status } = sandbox;
  if (hasEnded(sandbox)) {
    return html`<wr-empty icon="sandbox" heading="This sandbox has ended" text=${endedText(sandbox)}>
      <wr-button href="/dashboard/sandboxes">Back to the sandboxes</wr-button>
    </wr-empty>`;
  }
  if (status === "paused") {
    return html`<wr-empty
      icon="pause"
      heading="This sandbox is paused"
      text="${what} can be seen while it runs. ${sandbox.memory_kept ? "It goes on where it was." : "It boots from its disk."}"
    >
      <wr-button kind="primary" @click=${() => void resumeAll([sandbox])}>Resume</wr-button>
    </wr-empty>`;
  }
  return html`<wr-empty icon="refresh" heading="One moment" text=${WAITING[status] ?? ""}></wr-empty>`;
};
