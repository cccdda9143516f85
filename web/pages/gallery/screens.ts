/** What draws: the chart, and a terminal with nothing behind it. */
import { html } from "lit";

import "../../components/chart.ts";
import "../../components/spark.ts";
import "../../components/terminal.ts";
import { formatBytes } from "../../text/format.ts";
import type { Exhibit } from "./exhibit.ts";

const MINUTE_MS = 60_000;
const NOW_MS = Date.now();

/** An hour with a gap in it. */
const POINTS = Array.from({ length: 60 }, (_, at) => ({
  atMs: NOW_MS - (60 - at) * MINUTE_MS,
  value: 50 + 40 * Math.sin(at / 6),
})).filter((_, at) => at < 25 || at > 32);

const chart = (points: typeof POINTS) =>
  html`<wr-chart
    label="Memory"
    since="1 h ago"
    fromMs=${NOW_MS - 60 * MINUTE_MS}
    toMs=${NOW_MS}
    gapMs=${3 * MINUTE_MS}
    .most=${null}
    .format=${formatBytes}
    .points=${points}
  ></wr-chart>`;

const spark = (points: typeof POINTS) =>
  html`<wr-spark
    label="Memory over the last hour"
    fromMs=${NOW_MS - 60 * MINUTE_MS}
    toMs=${NOW_MS}
    gapMs=${3 * MINUTE_MS}
    .points=${points}
  ></wr-spark>`;

export const SCREENS: readonly Exhibit[] = [
  { name: "Chart, with and without points", isWide: true, states: [chart(POINTS), chart([])] },
  { name: "Spark, with and without points", isWide: true, states: [spark(POINTS), spark([])] },
  { name: "Terminal", isWide: true, states: [html`<wr-terminal label="Terminal"></wr-terminal>`] },
];
