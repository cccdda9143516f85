/** Why and when `up` is to end: Ctrl-C, a TERM, a closed terminal, or the death of what ran it. */

export interface StopSignals {
  /** Resolves at the first request. */
  readonly requested: Promise<string>;
  /** Resolves at a second one: no more patience. */
  readonly hurried: Promise<string>;
}

/** One Ctrl-C may arrive twice, from the terminal and by way of `bun run`. */
const SAME_REQUEST_MS = 1_000;
const PARENT_POLL_MS = 500;

export const watchStopSignals = (): StopSignals => {
  const first = Promise.withResolvers<string>();
  const second = Promise.withResolvers<string>();
  let firstAt: number | null = null;
  const note = (why: string): void => {
    const now = performance.now();
    if (firstAt === null) {
      firstAt = now;
      first.resolve(why);
    } else if (now - firstAt > SAME_REQUEST_MS) second.resolve(why);
  };
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, () => note(name));

  // npx does not pass signals on; its death shows only in who the parent is.
  if (process.env.npm_lifecycle_event !== undefined) {
    const parent = process.ppid;
    const timer = setInterval(() => {
      if (process.ppid === parent) return;
      clearInterval(timer);
      note("the command that ran it is gone");
    }, PARENT_POLL_MS);
    timer.unref();
  }
  return { requested: first.promise, hurried: second.promise };
};
