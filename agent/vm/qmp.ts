/**
 * Client of the QEMU Machine Protocol: JSON lines over a unix socket. The VM behind it is not trusted
 * (a broken-out guest may speak here), so lines are bounded and everything read is `unknown`.
 * Protocol: QEMU docs/interop/qmp-spec.txt.
 */
import type { Socket } from "bun";

import { shortSocketPath } from "../system/socket-path.ts";
import { LineSplitter } from "./line-splitter.ts";

export type QmpFailure = "refused" | "deadline" | "closed";

/** A command QEMU refused, did not answer in time, or could not get because the connection is gone. */
export class QmpFailed extends Error {
  override name = "QmpFailed";
  constructor(
    readonly command: string,
    readonly code: QmpFailure,
    detail: string,
  ) {
    super(`QEMU ${command}: ${detail}`);
  }
}

export interface QmpEvent {
  name: string;
  data: Record<string, unknown>;
}

interface Pending {
  command: string;
  resolve: (value: unknown) => void;
  reject: (reason: QmpFailed) => void;
}

/** Longest line taken; real answers to the commands used here stay far below. */
const MAX_LINE_BYTES = 1 << 20;

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;

const parse = (line: string): Record<string, unknown> | null => {
  try {
    const value: unknown = JSON.parse(line);
    return isRecord(value) ? value : null;
  } catch {
    return null;
  }
};

export class QmpClient {
  /** Settles when the connection is gone: the VM ended, or this side closed. */
  readonly closed: Promise<void>;
  readonly #pending = new Map<number, Pending>();
  readonly #listeners = new Set<(event: QmpEvent) => void>();
  readonly #markClosed: () => void;
  readonly #lines = new LineSplitter(MAX_LINE_BYTES);
  #socket: Socket | null = null;
  #unsent = Buffer.alloc(0);
  #nextId = 1;
  #greeted: () => void = () => undefined;

  private constructor() {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.closed = promise;
    this.#markClosed = resolve;
  }

  /** Connects, waits for the greeting and leaves the negotiation mode. Throws `QmpFailed`. */
  static async connect({
    socketPath,
    timeoutMs,
  }: {
    socketPath: string;
    timeoutMs: number;
  }): Promise<QmpClient> {
    const client = new QmpClient();
    const greeted = new Promise<"greeted" | "closed" | "deadline">((resolve) => {
      client.#greeted = () => resolve("greeted");
      void client.closed.then(() => resolve("closed"));
      setTimeout(() => resolve("deadline"), timeoutMs).unref();
    });
    try {
      using short = shortSocketPath(socketPath);
      client.#socket = await Bun.connect({
        unix: short.name,
        socket: {
          data: (_socket, bytes) => client.#receive(bytes),
          drain: () => client.#flush(),
          close: () => client.#end(),
          error: () => client.#end(),
        },
      });
    } catch {
      throw new QmpFailed("connect", "closed", `nobody listens on ${socketPath}`);
    }
    const outcome = await greeted;
    if (outcome !== "greeted") {
      client.close();
      const detail =
        outcome === "closed" ? "ended before its greeting" : `no greeting within ${timeoutMs} ms`;
      throw new QmpFailed("connect", outcome, detail);
    }
    await client.execute("qmp_capabilities", {}, timeoutMs);
    return client;
  }

  /** Runs one command and returns what QEMU answered. Throws `QmpFailed`. */
  execute(
    command: string,
    commandArguments: Record<string, unknown> = {},
    timeoutMs = 5_000,
  ): Promise<unknown> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      if (this.#socket === null) {
        reject(new QmpFailed(command, "closed", "the connection is gone"));
        return;
      }
      const timer = setTimeout(() => {
        this.#pending.delete(id);
        reject(new QmpFailed(command, "deadline", `no answer within ${timeoutMs} ms`));
      }, timeoutMs);
      const settle =
        <T>(then: (value: T) => void) =>
        (value: T) => {
          clearTimeout(timer);
          then(value);
        };
      this.#pending.set(id, { command, resolve: settle(resolve), reject: settle(reject) });
      const line = JSON.stringify({ execute: command, arguments: commandArguments, id });
      this.#unsent = Buffer.concat([this.#unsent, Buffer.from(`${line}\n`)]);
      this.#flush();
    });
  }

  /** Calls `listener` for each event from now on; the returned function ends that. */
  onEvent(listener: (event: QmpEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#socket?.end();
    this.#end();
  }

  #flush(): void {
    if (this.#socket === null || this.#unsent.length === 0) return;
    const written = this.#socket.write(this.#unsent);
    if (written > 0) this.#unsent = this.#unsent.subarray(written);
  }

  #receive(bytes: Uint8Array): void {
    const lines = this.#lines.push(bytes);
    if (lines === null) {
      this.close();
      return;
    }
    for (const line of lines) {
      const message = parse(line);
      if (message !== null) this.#dispatch(message);
    }
  }

  #dispatch(message: Record<string, unknown>): void {
    if ("QMP" in message) {
      this.#greeted();
      return;
    }
    if (typeof message["event"] === "string") {
      const data = isRecord(message["data"]) ? message["data"] : {};
      for (const listener of this.#listeners) listener({ name: message["event"], data });
      return;
    }
    const id = message["id"];
    if (typeof id !== "number") return;
    const pending = this.#pending.get(id);
    // An answer past its deadline has nobody waiting any more.
    if (pending === undefined) return;
    this.#pending.delete(id);
    const error = message["error"];
    if (error === undefined) pending.resolve(message["return"]);
    else
      pending.reject(
        new QmpFailed(pending.command, "refused", isRecord(error) ? String(error["desc"]) : "refused"),
      );
  }

  #end(): void {
    this.#socket = null;
    for (const { command, reject } of this.#pending.values()) {
      reject(new QmpFailed(command, "closed", "the VM ended before it answered"));
    }
    this.#pending.clear();
    this.#markClosed();
  }
}
