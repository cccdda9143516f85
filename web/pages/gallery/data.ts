/** What shows something. */
import { html } from "lit";

import "../../components/badge.ts";
import "../../components/button.ts";
import "../../components/copy.ts";
import "../../components/dot.ts";
import "../../components/drawn-check.ts";
import "../../components/empty.ts";
import "../../components/id.ts";
import "../../components/progress.ts";
import "../../components/stat.ts";
import "../../components/step.ts";
import type { StepStage } from "../../components/step.ts";
import "../../components/table.ts";
import type { Column } from "../../components/table-types.ts";
import "../../components/time.ts";
import type { Exhibit } from "./exhibit.ts";

interface Row {
  id: string;
  name: string;
  count: number;
}

const ROWS: readonly Row[] = [
  "sb-01990000-0000-7000-8000-0000000000aa",
  "sb-01990000-0000-7000-8000-0000000000bb",
].map((id, index) => ({
  id,
  name: index === 0 ? "<b>text of others</b> 🐦" : "minimal",
  count: index * 1_234,
}));

const COLUMNS: readonly Column<Row>[] = [
  {
    key: "id",
    label: "Sandbox",
    width: "12rem",
    narrow: "title",
    render: ({ id }) => html`<wr-id label="sandbox" value=${id}></wr-id>`,
  },
  {
    key: "name",
    label: "Name",
    width: "1fr",
    narrow: "details",
    render: ({ name }) => name,
    sortBy: ({ name }) => name,
  },
  {
    key: "count",
    label: "Count",
    width: "6rem",
    narrow: "aside",
    render: ({ count }) => count,
    sortBy: ({ count }) => count,
  },
];

const ACTIONS = { nameOf: (): string => "it", entries: () => [{ label: "Open", run: () => {} }] };

const table = (status: "loading" | "failed" | "ready", rows: readonly Row[] = [], isFiltered = false) =>
  html`<wr-table
    label="Things"
    status=${status}
    failure="The server cannot be reached just now."
    ?filtered=${isFiltered}
    .columns=${COLUMNS}
    .rows=${rows}
    .keyOf=${({ id }: Row) => id}
    .actions=${ACTIONS}
    .selected=${new Set<string>()}
  >
    <wr-empty slot="empty" heading="Nothing here yet" text="Make the first one."
      ><wr-button>Make one</wr-button></wr-empty
    >
    <wr-empty
      slot="filtered"
      icon="search"
      heading="Nothing fits"
      text="Nothing is like that just now."
    ></wr-empty>
  </wr-table>`;

const STEPS: readonly StepStage[] = ["done", "busy", "failed", "now", "later"];

export const DATA: readonly Exhibit[] = [
  {
    name: "Status",
    states: [
      html`<wr-dot tone="good" pulse>Running</wr-dot>`,
      html`<wr-dot tone="busy">Starting</wr-dot>`,
      html`<wr-dot>Paused</wr-dot>`,
      html`<wr-dot tone="warn">Host away</wr-dot>`,
      html`<wr-dot tone="bad">Error</wr-dot>`,
    ],
  },
  {
    name: "Badge and stat",
    states: [
      html`<wr-badge>member</wr-badge>`,
      html`<wr-badge tone="accent">admin</wr-badge>`,
      html`<wr-badge tone="good">verified</wr-badge>`,
      html`<wr-badge tone="warn">expires soon</wr-badge>`,
      html`<wr-badge tone="bad">revoked</wr-badge>`,
      html`<wr-stat label="hosts" value="12"></wr-stat>`,
      html`<wr-stat label="online" value="11" tone="good"></wr-stat>`,
      html`<wr-stat label="unreachable" tone="bad"></wr-stat>`,
    ],
  },
  {
    name: "Steps",
    isWide: true,
    states: [
      html`<ol>
        ${STEPS.map(
          (stage, at) =>
            html`<li>
              <wr-step
                number=${at + 1}
                heading="A step that is ${stage}"
                stage=${stage}
                ?last=${at === STEPS.length - 1}
                ><p>What there is to know, and to do.</p></wr-step
              >
            </li>`,
        )}
      </ol>`,
    ],
  },
  {
    name: "Copy, id, time",
    isWide: true,
    states: [
      html`<wr-copy label="API key" value="wrn_0123456789abcdef0123456789abcdef"></wr-copy>`,
      html`<wr-copy
        label="command"
        value=${"curl -fsSL https://wrenn.example.com/install \\\n  | sh -s -- --token 0123"}
      ></wr-copy>`,
      html`<wr-id label="sandbox" value="sb-01990000-0000-7000-8000-0000000000aa"></wr-id>`,
      html`<wr-time value=${new Date(Date.now() - 90_000).toISOString()}></wr-time>`,
      html`<wr-time form="left" value=${new Date(Date.now() + 9_000_000).toISOString()}></wr-time>`,
    ],
  },
  {
    name: "Progress, and its end",
    isWide: true,
    states: [
      html`<wr-progress label="Building minimal" value="0.4"></wr-progress>`,
      html`<wr-progress label="Waiting"></wr-progress>`,
      html`<wr-drawn-check></wr-drawn-check>`,
    ],
  },
  { name: "Table, ready", isWide: true, states: [table("ready", ROWS)] },
  { name: "Table, being read", isWide: true, states: [table("loading")] },
  { name: "Table, failed", isWide: true, states: [table("failed")] },
  { name: "Table, empty and filtered", isWide: true, states: [table("ready"), table("ready", [], true)] },
];
