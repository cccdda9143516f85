/** From points in time to the strokes of a chart. */

export interface Point {
  atMs: number;
  value: number;
}

export interface Frame {
  fromMs: number;
  toMs: number;
  /** The value at the upper edge. */
  most: number;
  /** Points further apart than this are not joined: nothing is known between them. */
  gapMs: number;
  width: number;
  height: number;
}

const round = (value: number): number => Math.round(value * 10) / 10;

export const xOf = ({ fromMs, toMs, width }: Frame, atMs: number): number =>
  round(((atMs - fromMs) / Math.max(1, toMs - fromMs)) * width);

export const yOf = ({ most, height }: Frame, value: number): number =>
  round(height - (Math.min(Math.max(value, 0), most) / Math.max(most, Number.MIN_VALUE)) * height);

/** Runs of points that belong together, oldest first. */
const runsOf = (points: readonly Point[], gapMs: number): readonly Point[][] => {
  const runs: Point[][] = [];
  let last: Point | null = null;
  for (const point of points) {
    if (last === null || point.atMs - last.atMs > gapMs) runs.push([]);
    runs.at(-1)?.push(point);
    last = point;
  }
  return runs;
};

/** The line, and the ground under it, as `d` of a path each. */
export const pathsOf = (points: readonly Point[], frame: Frame): { line: string; ground: string } => {
  const lines: string[] = [];
  const grounds: string[] = [];
  for (const run of runsOf(points, frame.gapMs)) {
    const corners = run.map(({ atMs, value }) => `${xOf(frame, atMs)} ${yOf(frame, value)}`);
    const first = xOf(frame, run[0]?.atMs ?? 0);
    const last = xOf(frame, run.at(-1)?.atMs ?? 0);
    // A point alone would be no stroke at all: a round end makes it a dot.
    lines.push(`M${corners.join("L")}${run.length === 1 ? "h0.1" : ""}`);
    grounds.push(`M${first} ${frame.height}L${corners.join("L")}L${last} ${frame.height}Z`);
  }
  return { line: lines.join(""), ground: grounds.join("") };
};

/** Which point is nearest in time; -1 of none. */
export const nearest = (points: readonly Point[], atMs: number): number => {
  let found = -1;
  let distance = Number.POSITIVE_INFINITY;
  for (const [index, point] of points.entries()) {
    const away = Math.abs(point.atMs - atMs);
    if (away <= distance) [found, distance] = [index, away];
  }
  return found;
};
