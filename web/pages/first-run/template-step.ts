/** The second step to a first sandbox: the template, which each host makes for itself. */
import { html, nothing, type TemplateResult } from "lit";

import "../../components/progress.ts";
import type { StepStage } from "../../components/step.ts";
import { FIRST_TEMPLATE } from "../sandboxes/launch-choices.ts";
import type { TemplateStage } from "./judge-template.ts";

/** @param hasHost a host is there that could make it */
export const templateStepStage = ({ kind }: TemplateStage, hasHost: boolean): StepStage => {
  if (kind === "there") return "done";
  if (kind === "failed") return "failed";
  return kind === "building" || hasHost ? "busy" : "later";
};

const MAKING = "Making the template";

export const renderBuild = (stage: { progress: number; step: string }): TemplateResult =>
  html`<div class="build">
    <p class="line">
      <span class="soft" aria-live="off">${stage.step}</span>
      <span class="percent">${Math.round(stage.progress * 100)} %</span>
    </p>
    <wr-progress label=${MAKING} .value=${stage.progress}></wr-progress>
  </div>`;

/** @param hostName of the host that makes it; null: there is none that could */
export const renderTemplateStep = (stage: TemplateStage, hostName: string | null): TemplateResult => {
  switch (stage.kind) {
    case "there":
      return html`<p class="soft">
        <b>${FIRST_TEMPLATE}</b> is there: a small Debian, saved while it ran. Sandboxes go on from there.
      </p>`;
    case "failed":
      return html`<p class="error" role="alert">${stage.error}</p>
        <p class="soft">
          Making <b>${FIRST_TEMPLATE}</b> failed${hostName === null ? nothing : html` on ${hostName}`}. It is
          tried again when the agent there starts: <code>systemctl restart wrenn-agent</code>, or
          <code>up</code> once more where that runs it. The log of the agent says more.
        </p>`;
    case "building":
      return html`<p class="soft">
          <b>${FIRST_TEMPLATE}</b>, a small Debian, is being
          made${hostName === null ? nothing : html` on ${hostName}`}. It happens once per host and takes a few
          minutes.
        </p>
        ${renderBuild(stage)}`;
    default:
      return hostName === null
        ? html`<p class="soft">
            The host makes <b>${FIRST_TEMPLATE}</b>, a small Debian, as soon as it is there.
          </p>`
        : html`<p class="soft">
              ${hostName} is about to begin with <b>${FIRST_TEMPLATE}</b>, a small Debian…
            </p>
            <wr-progress label=${MAKING} .value=${null}></wr-progress>`;
  }
};
