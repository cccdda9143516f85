/** Waits for a condition, with a deadline. */
import { CommandFailure } from "./failure.ts";

export interface WaitOptions {
  /** For the message: "the server to answer". */
  what: string;
  timeoutMs: number;
  /** @default {50} */
  everyMs?: number;
}

/** Polls until `check` gives something other than null. Throws `deadline`. */
export const waitUntil = async <T>(check: () => Promise<T | null>, options: WaitOptions): Promise<T> => {
  const deadline = performance.now() + options.timeoutMs;
  for (;;) {
    const found = await check();
    if (found !== null) return found;
    if (performance.now() > deadline) {
      throw new CommandFailure(
        "deadline",
        `waited ${Math.round(options.timeoutMs / 1_000)} s for ${options.what}`,
      );
    }
    await Bun.sleep(options.everyMs ?? 50);
  }
};
