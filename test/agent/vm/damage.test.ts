/** Saved memory that is not what was saved never runs. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { copyFileSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";

import { SnapshotRefused } from "../../../agent/vm/runtime.ts";
import type { SavedMemory, VmSpec } from "../../../agent/vm/runtime.ts";
import { findVmProcesses } from "../../../agent/vm/strays.ts";
import { openBench } from "./bench.ts";
import type { Bench } from "./bench.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
}, 120_000);
afterEach(() => bench.endAll());
afterAll(() => bench.dispose());

describe("a damaged snapshot is refused and leaves no process", () => {
  let spec: VmSpec;
  let saved: SavedMemory;
  beforeAll(async () => {
    spec = (await bench.template()).spec("damaged");
    saved = await bench.pause(await bench.clone("damaged"), "damaged");
  }, 60_000);

  const flip = (path: string, offset: number): string => {
    const damaged = `${path}.bad`;
    copyFileSync(path, damaged);
    const bytes = readFileSync(damaged);
    bytes[offset] = (bytes[offset] ?? 0) ^ 1;
    writeFileSync(damaged, bytes);
    return damaged;
  };
  const cut = (path: string): string => {
    const damaged = `${path}.cut`;
    copyFileSync(path, damaged);
    truncateSync(damaged, statSync(damaged).size - 4096);
    return damaged;
  };
  const lastPage = () => statSync(saved.diffPath).size - 4096;

  test.each<[string, () => Partial<SavedMemory>]>([
    ["one bit of the memory", () => ({ diffPath: flip(saved.diffPath, lastPage() + 17) })],
    ["memory cut short", () => ({ diffPath: cut(saved.diffPath) })],
    ["no memory file", () => ({ diffPath: "/nowhere" })],
    ["a page list that misses a page", () => ({ runs: saved.runs.slice(1) })],
    ["a page list beyond the memory", () => ({ runs: [...saved.runs, [1 << 30, 1]] })],
    ["one bit of the device state", () => ({ deviceStatePath: flip(saved.deviceStatePath, 4_000) })],
    ["memory of another runtime", () => ({ runtimeId: "qemu-99.0" })],
    ["no device state", () => ({ deviceStatePath: "/nowhere" })],
  ])("%s", async (_what, damage) => {
    const failure = await bench.runtime
      .restore(spec, { ...saved, ...damage() })
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(SnapshotRefused);
    expect(findVmProcesses(bench.directory)).toEqual([]);
  });

  test("device state of another machine, though its checksum is right", async () => {
    const withDrive = bench.spec("other", null, [await bench.disk("other")]);
    const other = await bench.pause(await bench.boot(withDrive), "other");
    const failure = await bench.runtime.restore(spec, other).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(SnapshotRefused);
    expect(findVmProcesses(bench.directory)).toEqual([]);
  });

  test("undamaged, the same snapshot still loads", async () => {
    const vm = await bench.runtime.restore(spec, saved);
    await vm.resume();
    await bench.answering();
  });
});
