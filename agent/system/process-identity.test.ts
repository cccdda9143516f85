import { describe, expect, test } from "bun:test";

import { identifyProcess, isRunning, killProcess, waitForEnd } from "./process-identity.ts";

const started = () => {
  const child = Bun.spawn(["sleep", "60"], { stdio: ["ignore", "ignore", "ignore"] });
  const identity = identifyProcess(child.pid);
  if (identity === null) throw new Error("sleep did not start");
  return { child, identity };
};

describe("a process's identity", () => {
  test("holds while it runs and ends with it", async () => {
    const { child, identity } = started();
    expect(isRunning(identity)).toBe(true);
    expect(await waitForEnd(identity, 20)).toBe(false);
    killProcess(identity);
    expect(await waitForEnd(identity, 5_000)).toBe(true);
    await child.exited;
    expect(child.signalCode).toBe("SIGKILL");
  });

  test("of an earlier process with the same pid is not taken for it", async () => {
    const { child, identity } = started();
    const earlier = { ...identity, startTicks: identity.startTicks - 1 };
    expect(isRunning(earlier)).toBe(false);
    killProcess(earlier);
    expect(isRunning(identity)).toBe(true);
    child.kill();
    await child.exited;
  });

  test("is nobody's when there is no such process", () => {
    expect(identifyProcess(2 ** 30)).toBeNull();
  });
});
