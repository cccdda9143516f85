/** Waits for a condition, with a deadline. */

const POLL_MS = 20;

/** Throws naming `what` when it does not come true in time. */
export const waitUntil = async (
  condition: () => boolean | Promise<boolean>,
  what: string,
  timeoutMs: number,
  pollMs = POLL_MS,
): Promise<void> => {
  const deadlineMs = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > deadlineMs) throw new Error(`waited ${timeoutMs} ms in vain for ${what}`);
    await Bun.sleep(pollMs);
  }
};
