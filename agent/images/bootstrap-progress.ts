/** Reads how far mmdebstrap is from what it prints, and how much of its time went into downloading. */
import type { Progress } from "./images.ts";

/** Until apt has said how many packages there will be. */
const EXPECTED_PACKAGES = 150;
/** Share of the bar for package lists; the rest goes by packages. */
const LISTS_SHARE = 0.05;

export interface BootstrapProgress {
  onLine(line: string): void;
  downloadMs(): number;
}

/**
 * A package counts three times: fetched, unpacked, set up. The essential ones are unpacked without a
 * word, so setting one up there also counts for that.
 * @param now milliseconds, monotonic
 */
export const createBootstrapProgress = (
  report: Progress,
  now: () => number = () => performance.now(),
): BootstrapProgress => {
  let packages = 0;
  let steps = 0;
  let fraction = 0;
  let downloadMs = 0;
  let downloadStartedAt: number | null = null;

  const advance = (step: string) => {
    const total = 3 * Math.max(packages, EXPECTED_PACKAGES);
    fraction = Math.max(fraction, Math.min(0.99, LISTS_SHARE + ((1 - LISTS_SHARE) * steps) / total));
    report(step, fraction);
  };

  const onLine = (line: string) => {
    const added = /(?<count>\d+) newly installed/.exec(line)?.groups?.["count"];
    if (added !== undefined) packages += Number(added);
    if (/^(I: running apt-get update|Need to get )/.test(line)) downloadStartedAt ??= now();
    if (line.startsWith("Fetched ") && downloadStartedAt !== null) {
      downloadMs += now() - downloadStartedAt;
      downloadStartedAt = null;
    }
    const [, verb, name] = /^(Get:\d+|Unpacking|Setting up) (\S+)/.exec(line) ?? [];
    if (verb === undefined || name === undefined) {
      if (line.startsWith("I: ")) advance(line.slice("I: ".length).replace(/\.+$/, ""));
      return;
    }
    steps += 1;
    advance(verb.startsWith("Get") ? "downloading packages" : `${verb.toLowerCase()} ${name.split(":")[0]}`);
  };
  return { onLine, downloadMs: () => downloadMs };
};
