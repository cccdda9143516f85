/** Requests being forwarded into a sandbox: they count as activity, and end when it pauses or is destroyed. */
import type { OpenStream, Sandbox } from "./sandbox.ts";

/** Lets streams end by themselves for `drainMs`, then resets what is left. */
export const drainStreams = async (sandbox: Sandbox, drainMs: number, reason: string): Promise<void> => {
  const untilMs = performance.now() + drainMs;
  while (sandbox.streams.size > 0 && performance.now() < untilMs) await Bun.sleep(2);
  resetStreams(sandbox, reason);
};

export const resetStreams = (sandbox: Sandbox, reason: string): void => {
  for (const stream of sandbox.streams) stream.abort(reason);
  sandbox.streams.clear();
};

/** Registers a stream; dispose when it has ended. `onEnd` lets the idle time begin. */
export const openStream = (sandbox: Sandbox, stream: OpenStream, onEnd: () => void): Disposable => {
  sandbox.streams.add(stream);
  sandbox.lastActiveMs = Date.now();
  return {
    [Symbol.dispose]: () => {
      sandbox.streams.delete(stream);
      sandbox.lastActiveMs = Date.now();
      onEnd();
    },
  };
};
