/** The views of a sandbox, and where the code of each is. It is loaded when the view is opened. */
import { html, type TemplateResult } from "lit";

import type { Sandbox } from "../../state/sandboxes.ts";

export interface Panel {
  value: string;
  label: string;
  load: () => Promise<unknown>;
  render: (sandbox: Sandbox) => TemplateResult;
}

export const PANELS: readonly Panel[] = [
  {
    value: "overview",
    label: "Overview",
    load: () => import("./overview.ts"),
    render: (sandbox) => html`<wr-sandbox-overview .sandbox=${sandbox}></wr-sandbox-overview>`,
  },
  {
    value: "terminal",
    label: "Terminal",
    load: () => import("./terminal.ts"),
    render: (sandbox) => html`<wr-sandbox-terminal .sandbox=${sandbox}></wr-sandbox-terminal>`,
  },
];

/** What is shown first where the address asks for nothing: of one that failed, why. */
export const firstPanel = ({ status }: Sandbox): string => (status === "error" ? "logs" : "overview");

export const panelNamed = (name: string): Panel | undefined => PANELS.find(({ value }) => value === name);
