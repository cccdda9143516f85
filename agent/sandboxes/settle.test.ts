import { expect, test } from "bun:test";

import { untilQuiet } from "./settle.ts";

const spawn = (script: string) => {
  const child = Bun.spawn(["sh", "-c", script], { stdin: "pipe", stdout: "pipe" });
  return { child, [Symbol.dispose]: () => child.kill("SIGKILL") };
};

test("a process that sleeps is quiet, and so is one that is gone", async () => {
  using idle = spawn("sleep 60");
  await untilQuiet(idle.child.pid, 60_000);
  idle.child.kill("SIGKILL");
  await idle.child.exited;
  await untilQuiet(idle.child.pid, 60_000);
}, 10_000);

test("a process that is at work is waited for, until the deadline and no longer", async () => {
  using busy = spawn("while :; do :; done");
  const begunMs = performance.now();
  await untilQuiet(busy.child.pid, 1_500);
  expect(performance.now() - begunMs).toBeGreaterThanOrEqual(1_500);
}, 20_000);
