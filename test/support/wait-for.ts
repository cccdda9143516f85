/** Waits for a condition: never for a time. */

/** Resolves when `check` says true; throws, naming `what`, when it has not within the deadline. */
export const waitFor = async (
  what: string,
  check: () => boolean | Promise<boolean>,
  timeoutMs = 5_000,
  pollMs = 5,
): Promise<void> => {
  const deadline = performance.now() + timeoutMs;
  while (!(await check())) {
    if (performance.now() > deadline) throw new Error(`${what}: not within ${timeoutMs} ms`);
    await Bun.sleep(pollMs);
  }
};
