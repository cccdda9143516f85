/** What a browser or program calls itself, in words: `Firefox on Windows`. */
const BROWSERS: readonly [pattern: RegExp, name: string][] = [
  [/Edg(?:e|A|iOS)?\//, "Edge"],
  [/OPR\//, "Opera"],
  [/Firefox\/|FxiOS\//, "Firefox"],
  [/Chrom(?:e|ium)\/|CriOS\//, "Chrome"],
  [/Safari\//, "Safari"],
];

const SYSTEMS: readonly [pattern: RegExp, name: string][] = [
  [/iPhone|iPad/, "iOS"],
  [/Android/, "Android"],
  [/Windows/, "Windows"],
  [/Mac OS X|Macintosh/, "macOS"],
  [/CrOS/, "ChromeOS"],
  [/Linux/, "Linux"],
];

const find = (list: typeof BROWSERS, agent: string): string | null =>
  list.find(([pattern]) => pattern.test(agent))?.[1] ?? null;

export const describeAgent = (agent: string | null): string => {
  if (agent === null || agent === "") return "Unknown program";
  const [browser, system] = [find(BROWSERS, agent), find(SYSTEMS, agent)];
  // A program of its own kind: `curl/8.5.0` says it best.
  if (browser === null) return agent;
  return system === null ? browser : `${browser} on ${system}`;
};
