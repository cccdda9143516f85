/**
 * Times as a plot: a line per case and subject, a dot at the median and a whisker to the 95th percentile, on a
 * logarithmic axis. SVG text that follows the reader's light or dark theme by itself.
 */
import type { SubjectName } from "../cases.ts";
import { unitOf } from "../cases.ts";
import type { Row } from "../results.ts";

const WIDTH = 860;
const LABELS = 208;
const RIGHT = 96;
const LANE = 17;
const GAP = 15;
const TOP = 84;
const BOTTOM = 26;

/** Those that are drawn, in the order of their lanes. */
const DRAWN = {
  wrenn: "Wrenn",
  wrenn_unpaced: "Wrenn, unpaced",
  wrenn_agent: "Wrenn's agent alone",
  floor: "floor",
  gvisor: "gVisor",
  direct: "direct",
} as const satisfies Partial<Record<SubjectName, string>>;
type Drawn = keyof typeof DRAWN;

const isDrawn = (subject: SubjectName): subject is Drawn => subject in DRAWN;

const STYLE = `
    .plot { --paper: #ffffff; --ink: #1d2433; --soft: #5d6678; --line: #e3e6ec;
      --wrenn: #0b6e5f; --wrenn_unpaced: #57b8a6; --wrenn_agent: #2274b5; --floor: #6b7484; --gvisor: #c2571a; --direct: #6a54c4;
      font: 12px ui-sans-serif, system-ui, sans-serif; }
    @media (prefers-color-scheme: dark) {
      .plot { --paper: #12161f; --ink: #e7eaf1; --soft: #98a1b3; --line: #262d3a;
        --wrenn: #3ccfb4; --wrenn_unpaced: #237f70; --wrenn_agent: #5aaeea; --floor: #939db0; --gvisor: #f08a4b; --direct: #a492f5; }
    }
    .paper { fill: var(--paper); stroke: var(--line); }
    .grid { stroke: var(--line); }
    text { fill: var(--soft); }
    .title { fill: var(--ink); font-size: 15px; font-weight: 600; }
    .case { fill: var(--ink); font-weight: 500; }
    .value { font-size: 11px; font-variant-numeric: tabular-nums; }
    .own, .other { stroke: var(--paper); stroke-width: 4px; paint-order: stroke; }
    .own { fill: var(--ink); font-weight: 600; }
${Object.keys(DRAWN)
  .map((name) => `    .${name} { fill: var(--${name}); stroke: var(--${name}); }`)
  .join("\n")}`;

const escape = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

/** Of the axis: its numbers are round. */
const tickText = (ms: number): string => (ms >= 1_000 ? `${ms / 1_000} s` : `${ms} ms`);

const shown = (ms: number): string =>
  ms >= 1_000 ? `${(ms / 1_000).toFixed(2)} s` : `${ms < 10 ? ms.toFixed(1) : ms.toFixed(0)} ms`;

const titleOf = (name: string): string => name.replaceAll("_", " ").replace(/(\d+)mb/, "$1 MB dirty");

/** Round numbers of the axis, in ms, from below the smallest value to above the largest. */
const ticksOf = (values: readonly number[]): number[] => {
  const all = Array.from({ length: 8 }, (_, power) => 10 ** (power - 1)).flatMap((one) => [
    one,
    2 * one,
    5 * one,
  ]);
  const from = all.findLast((tick) => tick <= Math.min(...values)) ?? all[0];
  const to = all.find((tick) => tick >= Math.max(...values)) ?? all.at(-1);
  return all.filter((tick) => tick >= (from ?? 0) && tick <= (to ?? 0));
};

type Place = (ms: number) => number;

const scaleOf = (ticks: readonly number[]): Place => {
  const [from = 1] = ticks;
  const to = ticks.at(-1) ?? 10;
  const width = WIDTH - LABELS - RIGHT;
  return (ms) => Math.round((LABELS + (Math.log(ms / from) / Math.log(to / from)) * width) * 10) / 10;
};

const lane = (row: Row & { subject: Drawn }, y: number, place: Place): string => {
  const [x, end] = [place(row.p50), place(Math.max(row.p95, row.p50))];
  const own = row.subject.startsWith("wrenn") ? "own" : "other";
  return `  <g><title>${escape(`${titleOf(row.case)}, ${DRAWN[row.subject]}: p50 ${shown(row.p50)}, p95 ${shown(row.p95)}, n ${row.n}`)}</title>
    <line class="${row.subject}" x1="${x}" y1="${y}" x2="${end}" y2="${y}" stroke-width="2" stroke-opacity="0.45"/>
    <circle class="${row.subject}" cx="${x}" cy="${y}" r="4.5" stroke="none"/>
    <text class="value ${own}" x="${end + 9}" y="${y + 4}">${shown(row.p50)}</text></g>`;
};

const legend = (subjects: readonly Drawn[]): string => {
  let x = 28.5;
  return subjects
    .map((subject) => {
      const at = x;
      x += 30 + DRAWN[subject].length * 7;
      return `  <circle class="${subject}" cx="${at}" cy="52" r="4.5" stroke="none"/>
  <text x="${at + 10}" y="56">${DRAWN[subject]}</text>`;
    })
    .join("\n");
};

/** Empty when there are no times to draw. */
export const drawPlot = (rows: readonly Row[], caption: string): string => {
  const drawn = rows.flatMap((row) => {
    const { subject } = row;
    return unitOf(row.case) === "ms" && row.case !== "login_timing" && isDrawn(subject) && row.p50 > 0
      ? [{ ...row, subject }]
      : [];
  });
  if (drawn.length === 0) return "";
  const ticks = ticksOf(drawn.flatMap(({ p50, p95 }) => [p50, p95]));
  const place = scaleOf(ticks);
  const parts: string[] = [];
  let y = TOP;
  for (const name of new Set(drawn.map((row) => row.case))) {
    parts.push(`  <text class="case" x="24" y="${y + 4}">${escape(titleOf(name))}</text>`);
    for (const row of drawn.filter((one) => one.case === name)) {
      parts.push(lane(row, y, place));
      y += LANE;
    }
    y += GAP;
  }
  const bottom = y - GAP + 2;
  const height = bottom + BOTTOM + 10;
  const grid = ticks.map((tick) => {
    const x = place(tick);
    return `  <line class="grid" x1="${x}" y1="${TOP - 14}" x2="${x}" y2="${bottom}"/>
  <text class="value" x="${x}" y="${bottom + 16}" text-anchor="middle">${tickText(tick)}</text>`;
  });
  const subjects = (Object.keys(DRAWN) as Drawn[]).filter((name) =>
    drawn.some(({ subject }) => subject === name),
  );
  return `<svg class="plot" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${escape(caption)}">
  <style>${STYLE}
  </style>
  <rect class="paper" x="0.5" y="0.5" width="${WIDTH - 1}" height="${height - 1}" rx="10"/>
  <text class="title" x="24" y="32">${escape(caption)}</text>
${legend(subjects)}
${grid.join("\n")}
${parts.join("\n")}
</svg>
`;
};
