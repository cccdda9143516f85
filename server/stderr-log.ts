/** The server's log on standard error: written in batches, for a write per line costs as much as a query. */
import { writeSync } from "node:fs";

import { createLog } from "./log.ts";
import type { Log } from "./log.ts";

const BATCH_MS = 10;
/** Bytes that wait for a reader who does not read; past it lines are dropped, and their number told. */
const MAX_WAITING_BYTES = 8 * 1024 * 1024;

/** To be made once. What waits is written when the process ends, whichever way it ends by itself. */
export const stderrLog = (): Log => {
  let waiting: string[] = [];
  let dropped = 0;
  let timer: ReturnType<typeof setTimeout> | null = null;

  const take = (): string => {
    const text = waiting.join("");
    waiting = [];
    return text;
  };

  const flush = (): void => {
    timer = null;
    if (dropped > 0 && process.stderr.writableLength < MAX_WAITING_BYTES) {
      waiting.push(`${JSON.stringify({ level: "warn", message: "log lines dropped", dropped })}\n`);
      dropped = 0;
    }
    process.stderr.write(take());
  };

  // A reader that goes away takes the log with it, not the server.
  process.stderr.on("error", () => {});
  process.on("exit", () => {
    try {
      writeSync(2, take());
    } catch {
      // Nobody reads; there is nowhere to say so.
    }
  });

  return createLog((line) => {
    if (process.stderr.writableLength >= MAX_WAITING_BYTES) dropped += 1;
    else waiting.push(line);
    timer ??= setTimeout(flush, BATCH_MS);
  });
};
