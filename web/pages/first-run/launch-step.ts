/** The last step: the launch, with what one gets who chooses nothing. */
import { html, nothing, type TemplateResult } from "lit";

import { describeFailure } from "../../api/failure.ts";
import "../../components/button.ts";
import "../../components/icon.ts";
import type { Template } from "../../state/templates.ts";
import { formatMb, plural } from "../../text/format.ts";
import { FIRST_ONE } from "../sandboxes/launch-choices.ts";

export interface LaunchOffer {
  isBusy: boolean;
  /** Why the last try did not work; null: there was none, or it goes well. */
  failure: unknown;
  launch: () => void;
  choose: () => void;
}

/** `minimal · 1 vCPU · 512 MB · paused after 5 minutes idle`. */
export const describeFirstOne = (template: Template | undefined): string => {
  const size = template === undefined ? [] : [plural(template.vcpus, "vCPU"), formatMb(template.memory_mb)];
  const minutes = plural(FIRST_ONE.timeout_sec / 60, "minute");
  return [FIRST_ONE.template, ...size, `paused after ${minutes} idle`].join(" · ");
};

/** @param reason why it cannot be launched yet; empty: it can */
export const renderLaunch = (
  { isBusy, failure, launch, choose }: LaunchOffer,
  reason: string,
): TemplateResult =>
  html`${failure === null ? nothing : html`<p class="error" role="alert">${describeFailure(failure)}</p>`}
    <div class="actions">
      <wr-button kind="primary" reason=${reason} ?busy=${isBusy} @click=${launch}
        ><wr-icon name="terminal"></wr-icon>${isBusy ? "Starting…" : "Launch your first sandbox"}</wr-button
      >
      <wr-button kind="quiet" ?disabled=${isBusy || reason !== ""} @click=${choose}
        >Choose size and time…</wr-button
      >
    </div>`;
