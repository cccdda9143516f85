/** Numbers, sizes and times as people read them. */

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const STEPS: readonly [lengthMs: number, unit: string][] = [
  [DAY_MS, "d"],
  [HOUR_MS, "h"],
  [MINUTE_MS, "min"],
  [SECOND_MS, "s"],
];

/** The largest two units that matter: `3 d 4 h`, `12 min`, `8 s`. */
export const formatDuration = (ms: number): string => {
  const whole = Math.max(0, ms);
  const at = STEPS.findIndex(([lengthMs]) => whole >= lengthMs);
  const [lengthMs, unit] = STEPS[at] ?? [SECOND_MS, "s"];
  const first = Math.floor(whole / lengthMs);
  const [nextMs, nextUnit] = STEPS[at + 1] ?? [0, ""];
  // Beside minutes or more of many, the rest is noise.
  const rest = nextMs === 0 || first >= 10 ? 0 : Math.floor((whole % lengthMs) / nextMs);
  return rest === 0 ? `${first} ${unit}` : `${first} ${unit} ${rest} ${nextUnit}`;
};

/** The largest unit alone: `12 min`, `3 d`. For how old something is. */
export const formatAge = (ms: number): string => {
  const whole = Math.max(0, ms);
  const [lengthMs, unit] = STEPS.find(([one]) => whole >= one) ?? [SECOND_MS, "s"];
  return `${Math.floor(whole / lengthMs)} ${unit}`;
};

/** `just now`, `5 min ago`, `3 d ago`, `in 2 h`. One unit: the exact time is a hover away. */
export const formatRelative = (date: Date, nowMs: number): string => {
  const distanceMs = nowMs - date.getTime();
  if (Math.abs(distanceMs) < 5 * SECOND_MS) return "just now";
  const count = formatAge(Math.abs(distanceMs));
  return distanceMs > 0 ? `${count} ago` : `in ${count}`;
};

const EXACT = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" });

export const formatExact = (date: Date): string => EXACT.format(date);

/** `512 MB`, `2 GB`, `1.5 GB`. */
export const formatMb = (mb: number): string => {
  if (mb < 1024) return `${mb} MB`;
  const gb = mb / 1024;
  return `${Number.isInteger(gb) ? gb : gb.toFixed(1)} GB`;
};

const BYTE_UNITS = ["B", "KB", "MB", "GB", "TB"];

/** `0 B`, `1.5 KB`, `200 MB`: powers of 1024, as the sizes of memory and disks are. */
export const formatBytes = (bytes: number): string => {
  let unit = 0;
  let value = bytes;
  while (value >= 1024 && unit < BYTE_UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = value < 10 && unit > 0 && !Number.isInteger(value) ? 1 : 0;
  return `${value.toFixed(digits)} ${BYTE_UNITS[unit]}`;
};

const COUNT = new Intl.NumberFormat();

export const formatCount = (count: number): string => COUNT.format(count);

/** `1 sandbox`, `3 sandboxes`. */
export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${formatCount(count)} ${count === 1 ? one : many}`;

/** An id as a name: its kind, and the end, which differs where time-ordered ids begin alike. */
export const shortId = (id: string): string => {
  const [kind = "", ...rest] = id.split("-");
  const tail = rest.join("").slice(-8);
  return tail === "" ? id : `${kind}-${tail}`;
};

/** How many of a list are shown: `12`, or `3 of 12` under a filter. */
export const countShown = (shown: number, all: number): string =>
  shown === all ? formatCount(all) : `${formatCount(shown)} of ${formatCount(all)}`;
