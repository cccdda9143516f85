/** Waiting, on any runtime. */
import { setTimeout as sleep } from "node:timers/promises";

const POLL_MS = 20;

/** Resolves when `check` says true; throws, naming `what`, when it has not within the deadline. */
export const until = async (
  what: string,
  check: () => boolean | Promise<boolean>,
  timeoutMs = 20_000,
): Promise<void> => {
  const deadlineMs = performance.now() + timeoutMs;
  while (!(await check())) {
    if (performance.now() > deadlineMs) throw new Error(`${what}: not within ${timeoutMs} ms`);
    await sleep(POLL_MS);
  }
};
