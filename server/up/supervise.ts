/** Keeps a child going: a death before it is ready ends the start, a later one is answered by a restart. */
import { type Child, childDied, type ChildSpec, startChild } from "./children.ts";
import type { DataPaths } from "./data-directory.ts";
import type { CommandFailure } from "./failure.ts";

export interface Supervised {
  /** From now on a death is answered by a restart. */
  keepAlive(): void;
  /** Rejects with why it could not be kept going; never resolves. */
  readonly failed: Promise<never>;
  stop(options: { signal: NodeJS.Signals; graceMs: number }): Promise<void>;
}

const MAX_RESTARTS = 5;
const RESTART_WINDOW_MS = 120_000;
const BACKOFF_MS = 500;

/** `tell` gets a line for a person whenever the child died and is started again. */
export const startSupervised = async (
  paths: DataPaths,
  spec: ChildSpec,
  tell: (line: string) => void,
): Promise<Supervised> => {
  const failure = Promise.withResolvers<never>();
  // Whoever waits for the child looks at it; nobody need be waiting.
  failure.promise.catch(() => {});
  const restarts: number[] = [];
  let isKept = false;
  let isStopping = false;
  let child: Child = await startChild(paths, spec);

  /** Null when it may be started once more. */
  const judge = (how: string): CommandFailure | null => {
    const now = performance.now();
    restarts.push(now);
    const recent = restarts.filter((at) => now - at < RESTART_WINDOW_MS).length;
    return isKept && recent <= MAX_RESTARTS ? null : childDied(child, how);
  };

  const watch = async (): Promise<void> => {
    for (;;) {
      const how = await child.ended;
      if (isStopping) return;
      const verdict = judge(how);
      if (verdict !== null) {
        failure.reject(verdict);
        return;
      }
      tell(`${how}; starting it again. Its log: ${child.logPath}`);
      await Bun.sleep(BACKOFF_MS * restarts.length);
      if (isStopping) return;
      child = await startChild(paths, spec);
    }
  };
  const watching = watch().catch((error: unknown) => failure.reject(error));

  return {
    keepAlive: () => {
      isKept = true;
    },
    failed: failure.promise,
    stop: async (options) => {
      isStopping = true;
      await child.stop(options);
      await watching;
    },
  };
};
