/** Requests being forwarded into a sandbox: they count as activity, and end when it pauses or is destroyed. */
import type { Expiry } from "./expiry.ts";
import type { OpenStream, Sandbox } from "./sandbox.ts";

const DRAIN_POLL_MS = 2;

/** No new requests; what is under way is reset, abruptly: half an answer must not look whole. */
export const closeDoor = (sandbox: Sandbox): void => {
  sandbox.accepting = false;
  for (const stream of sandbox.streams) stream.abort();
  sandbox.streams.clear();
};

/** No new requests; what is under way may end by itself for `drainMs`, then it is reset. */
export const drainDoor = async (sandbox: Sandbox, drainMs: number): Promise<void> => {
  sandbox.accepting = false;
  const untilMs = performance.now() + drainMs;
  while (sandbox.streams.size > 0 && performance.now() < untilMs) await Bun.sleep(DRAIN_POLL_MS);
  closeDoor(sandbox);
};

/** Registers a request under way; call the answer when it has ended, then idle time begins. */
export const openStream = (sandbox: Sandbox, expiry: Expiry, stream: OpenStream): (() => void) => {
  sandbox.streams.add(stream);
  sandbox.lastActiveMs = Date.now();
  return () => {
    if (!sandbox.streams.delete(stream)) return;
    sandbox.lastActiveMs = Date.now();
    expiry.arm(sandbox);
  };
};
