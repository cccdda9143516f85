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
  {
    value: "files",
    label: "Files",
    load: () => import("./files.ts"),
    render: (sandbox) => html`<wr-sandbox-files .sandbox=${sandbox}></wr-sandbox-files>`,
  },
  {
    value: "processes",
    label: "Processes",
    load: () => import("./processes.ts"),
    render: (sandbox) => html`<wr-sandbox-processes .sandbox=${sandbox}></wr-sandbox-processes>`,
  },
  {
    value: "ports",
    label: "Ports",
    load: () => import("./ports.ts"),
    render: (sandbox) => html`<wr-sandbox-ports .sandbox=${sandbox}></wr-sandbox-ports>`,
  },
  {
    value: "logs",
    label: "Logs",
    load: () => import("./logs.ts"),
    render: (sandbox) => html`<wr-sandbox-logs .sandbox=${sandbox}></wr-sandbox-logs>`,
  },
  {
    value: "activity",
    label: "Activity",
    load: () => import("./activity.ts"),
    render: (sandbox) => html`<wr-sandbox-activity .sandbox=${sandbox}></wr-sandbox-activity>`,
  },
];

/** What is shown first where the address asks for nothing: of one that failed, why. */
export const firstPanel = ({ status }: Sandbox): string => (status === "error" ? "logs" : "overview");

export const panelNamed = (name: string): Panel | undefined => PANELS.find(({ value }) => value === name);
