/** Standard input of a child over a pipe: bytes in order, bounded, closed exactly once. */
import { closeSync } from "node:fs";

import { Code, ConnectError } from "@connectrpc/connect";
import type { FileSink } from "bun";

/** Bytes handed in that the process has not read; more is refused rather than kept. */
const PENDING_LIMIT_BYTES = 16 * 1024 * 1024;

const closedError = (): ConnectError =>
  new ConnectError(
    "stdin is not open: it was closed, or the process was started without it",
    Code.FailedPrecondition,
  );

export interface ProcessInput {
  /** Resolves when the kernel has taken the bytes. */
  write(bytes: Uint8Array): Promise<void>;
  /** Closing what is closed already is no error. */
  close(): Promise<void>;
  /** The process is gone: whatever waits fails, descriptors are released. */
  release(): void;
}

/** For a process started without stdin. */
export const NO_INPUT: ProcessInput = {
  write: () => Promise.reject(closedError()),
  close: () => Promise.resolve(),
  release: () => {},
};

export class PipeInput implements ProcessInput {
  /** Made on the first write: most commands never get input. */
  #sink: FileSink | null = null;
  #open = true;
  /** Nobody reads the other end any more. */
  #broken = false;
  #pendingBytes = 0;
  #last: Promise<void> = Promise.resolve();

  constructor(private readonly fd: number) {}

  async write(bytes: Uint8Array): Promise<void> {
    if (!this.#open) throw closedError();
    if (bytes.byteLength === 0) return;
    if (this.#pendingBytes + bytes.byteLength > PENDING_LIMIT_BYTES) {
      throw new ConnectError(
        "the process does not read its input: too much is waiting",
        Code.ResourceExhausted,
      );
    }
    this.#pendingBytes += bytes.byteLength;
    const turn = this.#last.then(() => this.#send(bytes));
    this.#last = turn.catch(() => {});
    try {
      await turn;
    } finally {
      this.#pendingBytes -= bytes.byteLength;
    }
  }

  async #send(bytes: Uint8Array): Promise<void> {
    if (!this.#open || this.#broken) throw closedError();
    this.#sink ??= Bun.file(this.fd).writer();
    try {
      await this.#sink.write(bytes);
      await this.#sink.flush();
    } catch (cause) {
      // Bun's sink takes further writes in silence.
      this.#broken = true;
      throw new ConnectError("the process has closed its stdin", Code.FailedPrecondition, {}, [], cause);
    }
  }

  async close(): Promise<void> {
    await this.#last;
    this.release();
  }

  release(): void {
    if (!this.#open) return;
    this.#open = false;
    const sink = this.#sink;
    if (sink === null) {
      closeSync(this.fd);
      return;
    }
    // Given a number, Bun leaves closing it to us; its own work on the descriptor must end before.
    void Promise.resolve()
      .then(() => sink.end())
      .catch(() => {})
      .finally(() => closeSync(this.fd));
  }
}
