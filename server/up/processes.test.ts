import { expect, test } from "bun:test";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { readHolder, tryLock } from "./lock.ts";
import { decodeIdentity, encodeIdentity, endProcess, identify, isAlive, signal } from "./processes.ts";

const self = () => identify(process.pid) ?? { pid: 0, startTicks: 0 };

test("a process is known by its pid and start", () => {
  expect(isAlive(self())).toBe(true);
  expect(isAlive({ ...self(), startTicks: self().startTicks + 1 })).toBe(false);
  expect(identify(2 ** 30)).toBeNull();
});

test("a reused pid is never signalled", async () => {
  const child = Bun.spawn(["sleep", "30"]);
  const identity = identify(child.pid) ?? self();
  expect(signal({ ...identity, startTicks: 1 }, "SIGKILL")).toBe(false);
  expect(isAlive(identity)).toBe(true);
  await endProcess(identity, { signal: "SIGTERM", graceMs: 5_000 });
  expect(isAlive(identity)).toBe(false);
});

test("one that does not listen to its signal is killed", async () => {
  const child = Bun.spawn(["sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.05; done"], {
    stdout: "pipe",
  });
  await child.stdout.getReader().read();
  await endProcess(identify(child.pid) ?? self(), { signal: "SIGTERM", graceMs: 100 });
  await child.exited;
  expect(child.signalCode).toBe("SIGKILL");
});

test.each(["", "{}", "[1]", '{"pid":1,"start_ticks":5}', '{"pid":"x","start_ticks":5}'])(
  "%j names no process",
  (text) => expect(decodeIdentity(text)).toBeNull(),
);

test("a lock has one holder, who can be read", () => {
  const path = join(mkdtempSync(join(tmpdir(), "wrenn-lock-")), "lock");
  const lock = tryLock(path, self());
  expect(lock).not.toBeNull();
  expect(tryLock(path, self())).toBeNull();
  expect(readHolder(path)).toEqual(self());
  expect(decodeIdentity(encodeIdentity(self()))).toEqual(self());
  lock?.release();
  const again = tryLock(path, self());
  expect(again).not.toBeNull();
  again?.release();
});
