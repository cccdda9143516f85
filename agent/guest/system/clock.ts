/** The sandbox's wall clock: it stood still while the sandbox was paused. */
import { check, libc } from "./libc.ts";

const CLOCK_REALTIME = 0;

/** Throws `SystemCallFailed`. */
export const setWallClock = (time: Date): void => {
  const ms = time.getTime();
  const seconds = Math.floor(ms / 1_000);
  const nanoseconds = (ms - seconds * 1_000) * 1_000_000;
  check(
    "clock_settime",
    libc.clock_settime(CLOCK_REALTIME, new BigInt64Array([BigInt(seconds), BigInt(nanoseconds)])),
  );
};
