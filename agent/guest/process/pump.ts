/** Reads one output pipe of a child, as fast as the viewers allow. */
import { closeSync } from "node:fs";

import type { ProcessOutput } from "./output.ts";
import type { Channel } from "./recent-output.ts";

/**
 * How long a pipe must be silent after its process has ended before the rest is left to itself. A command
 * like `server &` ends although the server still holds the pipe; what it writes later is read and dropped,
 * so that it neither blocks nor dies of a broken pipe.
 */
const QUIET_AFTER_EXIT_MS = 250;
/**
 * A child that is never silent is left after this and this many reads: what the process itself wrote lay in the
 * pipe when it ended, in front of all that came later.
 */
const CHATTY_AFTER_EXIT_MS = 1_000;
const CHATTY_READS = 3;

export class PipePump {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #delivering = true;

  constructor(
    private readonly fd: number,
    private readonly channel: Channel,
    private readonly output: ProcessOutput,
  ) {
    this.#reader = Bun.file(fd).stream().getReader();
  }

  /** Resolves when everything the process wrote has been handed to the viewers. Never rejects. */
  async run(exited: Promise<unknown>): Promise<void> {
    const ended = this.#readAll();
    const left = Promise.withResolvers<void>();
    void exited.then(() => {
      // The silence before counts for nothing: the last words may still be on their way from the kernel.
      this.#exitedAtMs = performance.now();
      this.#quietSinceMs = this.#exitedAtMs;
      this.#readsSinceExit = 0;
      this.#leaveWhenQuiet(left.resolve);
    });
    await Promise.race([ended, left.promise]);
  }

  #exitedAtMs = Infinity;
  #quietSinceMs = 0;
  #readsSinceExit = 0;
  #reading = false;

  async #readAll(): Promise<void> {
    try {
      for (;;) {
        this.#reading = true;
        this.#quietSinceMs = performance.now();
        const { done, value } = await this.#reader.read();
        this.#reading = false;
        this.#readsSinceExit += 1;
        if (done) break;
        if (!this.#delivering) continue;
        this.output.push({ channel: this.channel, bytes: value });
        if (!this.output.hasRoom) await this.output.room();
      }
    } catch {
      // A pipe that cannot be read any more has ended.
    } finally {
      this.#reading = false;
      this.#delivering = false;
      closeSync(this.fd);
    }
  }

  /** Time spent waiting for a slow viewer is not silence: there may be more in the pipe. */
  #leaveWhenQuiet(leave: () => void): void {
    if (!this.#delivering) return;
    const nowMs = performance.now();
    const quietMs = this.#reading ? nowMs - this.#quietSinceMs : 0;
    const isChatty =
      this.#reading &&
      nowMs - this.#exitedAtMs >= CHATTY_AFTER_EXIT_MS &&
      this.#readsSinceExit >= CHATTY_READS;
    if (quietMs >= QUIET_AFTER_EXIT_MS || isChatty) {
      this.#delivering = false;
      leave();
      return;
    }
    setTimeout(() => this.#leaveWhenQuiet(leave), QUIET_AFTER_EXIT_MS - quietMs);
  }
}
