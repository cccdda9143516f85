/** Which accelerator a machine gets, found out by booting a guest on it. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { chooseAccelerator, probeBoot } from "../../../agent/vm/accelerator.ts";
import { probeInitrd } from "../../../agent/vm/probe-initrd.ts";
import { openBench } from "./bench.ts";
import type { Bench } from "./bench.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
}, 120_000);
afterEach(() => bench.endAll());
afterAll(() => bench.dispose());

describe("the accelerator", () => {
  const initrd = (content: Uint8Array): string => {
    const path = join(bench.directory, `probe-${crypto.randomUUID()}`);
    writeFileSync(path, content);
    return path;
  };

  test("counts as working only when a guest reaches user space", async () => {
    const probe = (content: Uint8Array) =>
      probeBoot(bench.identity, {
        imagePath: bench.kernelPath,
        initrdPath: initrd(content),
        timeoutMs: 60_000,
      });
    expect(await probe(probeInitrd())).toBe(true);
    // The kernel panics without an init, and resets.
    expect(await probe(new Uint8Array(0))).toBe(false);
  });

  test("is chosen once per boot, kernel and QEMU", async () => {
    const cachePath = join(bench.directory, "accelerator.json");
    const options = {
      kernel: { imagePath: bench.kernelPath, digest: "digest" },
      qemuVersion: "7.2",
      cachePath,
      scratchDirectory: bench.directory,
    };
    const chosen = await chooseAccelerator({ ...options, mode: "auto" });
    expect(["kvm", "tcg"]).toContain(chosen);
    const kept: { question: string; kvmWorks: boolean } = JSON.parse(readFileSync(cachePath, "utf8"));
    // The kept answer is taken, and for this question only.
    writeFileSync(cachePath, JSON.stringify({ ...kept, kvmWorks: true }));
    expect(await chooseAccelerator({ ...options, mode: "auto" })).toBe("kvm");
    writeFileSync(cachePath, JSON.stringify({ ...kept, kvmWorks: false }));
    const refusal = await chooseAccelerator({ ...options, mode: "kvm" }).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ name: "VmFailed", code: "accelerator_missing" });
    expect(await chooseAccelerator({ ...options, mode: "tcg" })).toBe("tcg");
    writeFileSync(cachePath, "{ damaged");
    expect(await chooseAccelerator({ ...options, mode: "auto" })).toBe(chosen);
  });
});
