/** What a paused machine had in memory is there again when it goes on, and nobody else's is touched. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { statSync } from "node:fs";
import { join } from "node:path";

import { digestFile } from "../../../agent/system/digest.ts";
import { run } from "../../../agent/system/exec.ts";
import { countPages } from "../../../agent/vm/page-runs.ts";
import { openBench } from "./bench.ts";
import type { Bench } from "./bench.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
}, 120_000);
afterEach(() => bench.endAll());
afterAll(() => bench.dispose());

const count = async (): Promise<number> => Number(await bench.ask("cat /count"));

describe("memory", () => {
  test("survives any number of pauses, and the guest goes on where it was", async () => {
    const spec = bench.spec("cycles");
    let vm = await bench.boot(spec);
    expect(await vm.console()).toContain("guest-is-up");
    await bench.ask("head -c 4000000 /dev/urandom > /random");
    const sum = await bench.ask("md5sum /random");
    let pages = 0;
    for (let cycle = 0; cycle < 4; cycle++) {
      const before = await count();
      const saved = await bench.pause(vm, "cycles");
      // Pages once written stay in the diff; beyond that it must not grow with the cycles.
      if (cycle > 0) expect(countPages(saved.runs)).toBeLessThan(pages + 2_000);
      pages = countPages(saved.runs);
      vm = await bench.runtime.restore(spec, saved);
      expect(await vm.isRunning()).toBe(false);
      await vm.resume();
      await bench.answering();
      expect(await count()).toBeGreaterThanOrEqual(before);
      expect(await bench.ask("md5sum /random")).toBe(sum);
    }
    await vm.quit();
  });

  test("may be more than two gigabytes", async () => {
    const spec = await bench.specOfSize("large", 2_304);
    const saved = await bench.pause(await bench.boot(spec), "large");
    const vm = await bench.runtime.restore(spec, saved);
    await vm.resume();
    await bench.answering();
    expect(Number(await bench.ask("awk '/^MemTotal/ {print $2}' /proc/meminfo"))).toBeGreaterThan(2 ** 21);
  });

  test("of a template is shared by its clones and never changed by them", async () => {
    const { path: base } = await bench.template();
    const digest = await digestFile(base);
    for (const round of ["first", "second"]) {
      const vm = await bench.clone("clone");
      await bench.ask("echo changed > /changed");
      const diff = await bench.pause(vm, round);
      expect(countPages(diff.runs) * 4096).toBeLessThan((statSync(base).blocks * 512) / 4);
    }
    expect(await digestFile(base)).toBe(digest);
  });

  test("of a running guest is not saved, and a full disk leaves it able to go on", async () => {
    const vm = await bench.clone("full");
    const refusal = await vm.save(bench.savedFiles("full")).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ name: "VmFailed", code: "not_stopped" });
    const small = join(bench.directory, "small");
    await run(["mkdir", small]);
    await run(["mount", "-t", "tmpfs", "-o", "size=1M", "tmpfs", small]);
    try {
      await vm.stop();
      const target = { diffPath: join(small, "diff"), deviceStatePath: join(small, "device") };
      const failure = await vm.save(target).catch((error: unknown) => error);
      expect(failure).toMatchObject({ name: "VmFailed", code: "disk_full" });
    } finally {
      await run(["umount", small]);
    }
    await vm.resume();
    await bench.answering();
  });
});
