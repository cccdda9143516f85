/** What the images read from tools and files, as those print it. */
import { describe, expect, test } from "bun:test";

import { createBootstrapProgress } from "./bootstrap-progress.ts";
import { parseIndexTargets } from "./debian-sources.ts";
import { parseLoopDevices } from "./loop-device.ts";

test("only Debian's main archives are taken from apt's sources", () => {
  const listing = [
    "Debian|http://mirror.test/debian/|trixie|main",
    "Debian|http://mirror.test/debian/|trixie|contrib",
    "Debian|http://mirror.test/debian/|trixie-updates|main",
    "Debian|http://mirror.test/debian/|trixie|main",
    "Other|http://other.test/apt/|nodistro|main",
    "Debian|http://mirror.test/a b|trixie|main",
    "",
  ].join("\n");
  expect(parseIndexTargets(listing)).toEqual([
    { uri: "http://mirror.test/debian/", release: "trixie" },
    { uri: "http://mirror.test/debian/", release: "trixie-updates" },
  ]);
});

test("loop devices are read as losetup prints them, also when there are none", () => {
  const device = { name: "/dev/loop3", "back-file": "/data/memory (deleted)", ro: true };
  expect(parseLoopDevices(JSON.stringify({ loopdevices: [device] }))).toEqual([
    { name: "/dev/loop3", backFile: "/data/memory (deleted)", readOnly: true },
  ]);
  expect(parseLoopDevices("")).toEqual([]);
});

describe("bootstrap progress", () => {
  test("never goes back, stays below the end and counts only the time of downloads", () => {
    let now = 0;
    const seen: number[] = [];
    const progress = createBootstrapProgress(
      (_step, fraction) => seen.push(fraction),
      () => now,
    );
    const at = (ms: number, line: string) => {
      now = ms;
      progress.onLine(line);
    };
    at(0, "I: running apt-get update...");
    at(100, "Fetched 9417 kB in 0s (12.7 MB/s)");
    at(200, "0 upgraded, 89 newly installed, 0 to remove and 0 not upgraded.");
    at(1_000, "Need to get 38.0 MB of archives.");
    at(1_200, "Get:1 http://mirror.test/debian bookworm/main amd64 bash amd64 5.2 [1 kB]");
    at(1_500, "Fetched 38.0 MB in 0s");
    for (let index = 0; index < 1_000; index++) at(2_000, `Setting up package${index} (1.0) ...`);
    expect(progress.downloadMs()).toBe(600);
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    expect(seen.at(-1)).toBe(0.99);
  });
});
