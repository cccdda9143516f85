/** Terminals nobody looks at any more: hung up after a while, when the one who started them asked for it. */
import { HANGUP_HEADER } from "../../../proto/guest-headers.ts";
import { type RunningProcess, signalGroup } from "./running.ts";

/** From the request's header, in milliseconds; null without one, or for what is no number of seconds. */
export const hangupAfterMs = (headers: Headers): number | null => {
  const seconds = Number(headers.get(HANGUP_HEADER) ?? "");
  return Number.isFinite(seconds) && seconds > 0 && seconds <= 86_400 ? seconds * 1_000 : null;
};

/** SIGHUP for the process group `afterMs` after its last viewer has left; a new viewer stops the clock. */
export const hangUpWhenUnwatched = (process: RunningProcess, afterMs: number): void => {
  let timer: Timer | null = null;
  const stop = (): void => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
  };
  process.output.onViewers = (count) => {
    stop();
    if (count === 0) timer = setTimeout(() => signalGroup(process.pid, "SIGHUP"), afterMs);
  };
  void process.ended.then(() => {
    process.output.onViewers = null;
    stop();
  });
};
