import { expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createLogger } from "../system/log.ts";
import { ChangeLog } from "./changes.ts";

const log = createLogger("error", () => {});
const change = (sandboxId: string, reason: string) => ({
  sandboxId,
  status: "paused" as const,
  reason,
  memoryKept: true,
});

const inDirectory = async (work: (path: string) => Promise<void>) => {
  const directory = await mkdtemp(join(tmpdir(), "wrenn-changes-"));
  try {
    await work(join(directory, "changes.json"));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
};

test("changes survive a restart until they are acknowledged", () =>
  inDirectory(async (path) => {
    const before = await ChangeLog.open(path, log);
    await before.add(change("a", "timeout"));
    await before.add(change("b", "timeout"));
    const after = await ChangeLog.open(path, log);
    expect(after.pending()).toEqual(before.pending());
    await after.acknowledge(after.pending()[0]?.seq ?? 0);
    expect((await ChangeLog.open(path, log)).pending().map(({ sandboxId }) => sandboxId)).toEqual(["b"]);
  }));

test("only a sandbox's last change is told, under a new number", () =>
  inDirectory(async (path) => {
    const changes = await ChangeLog.open(path, log);
    await changes.add(change("a", "timeout"));
    const [first] = changes.pending();
    await changes.add(change("a", "vm_died"));
    await changes.acknowledge(first?.seq ?? 0);
    expect(changes.pending().map(({ reason }) => reason)).toEqual(["vm_died"]);
    await changes.forget("a");
    expect(changes.pending()).toEqual([]);
  }));

test("numbers go on rising after the file is lost", () =>
  inDirectory(async (path) => {
    const before = await ChangeLog.open(path, log);
    await before.add(change("a", "timeout"));
    const [old] = before.pending();
    await writeFile(path, "{");
    await Bun.sleep(2);
    const after = await ChangeLog.open(path, log);
    expect(after.pending()).toEqual([]);
    await after.add(change("a", "timeout"));
    expect(after.pending()[0]?.seq).toBeGreaterThan(old?.seq ?? Infinity);
  }));
