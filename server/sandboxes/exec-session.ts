/**
 * One command over one WebSocket: sign in unless the upgrade did, `start`, then bytes both ways until `exit`.
 * When the client goes, so does the command with its whole process group.
 */
import { Signal } from "../../proto/gen/process/process_pb.ts";
import type { TeamCaller } from "../auth/context.ts";
import { ApiError, invalidRequest, toApiError, unauthorized } from "../errors.ts";
import { guestError } from "../traffic/guest-errors.ts";
import { GuestProcess } from "../traffic/guest-process.ts";
import type { ClientMessage } from "./exec-messages.ts";
import { type ExecDeps, guestOf, killGroup, toProcess } from "./exec.ts";
import { CHANNEL, type SocketWire } from "./socket-wire.ts";

/** How long a client may take to sign in, in ms. */
const AUTH_MS = 5_000;
/** Input that waits for the command to read it; a client that sends more without end is cut off. */
const MAX_WAITING_BYTES = 64 * 1024 * 1024;

export interface ExecSessionOptions {
  deps: ExecDeps;
  wire: SocketWire;
  /** Bare UUID. */
  sandboxId: string;
  /** Null when the upgrade carried no credentials. */
  caller: TeamCaller | null;
  authenticate: (credentials: { apiKey?: string; bearer?: string }) => Promise<TeamCaller>;
}

export class ExecSession {
  #caller: TeamCaller | null;
  #process: GuestProcess | null = null;
  #started = false;
  #closed = false;
  #waitingBytes = 0;
  /** Messages are handled one after the other. */
  #last: Promise<void> = Promise.resolve();
  readonly #authTimer: Timer;

  constructor(private readonly options: ExecSessionOptions) {
    this.#caller = options.caller;
    this.#authTimer = setTimeout(() => {
      if (!this.#caller) this.#fail(unauthorized('Sign in within 5 seconds: send {type:"auth"}.'));
    }, AUTH_MS);
  }

  onMessage(message: ClientMessage): void {
    // Must not wait behind input that the command does not read.
    if (message.type === "stop") {
      void this.#stop(message.signal === "SIGTERM" ? Signal.SIGTERM : Signal.SIGKILL);
      return;
    }
    this.#enqueue(() => this.#handle(message));
  }

  onInput(data: Uint8Array): void {
    this.#waitingBytes += data.byteLength;
    if (this.#waitingBytes > MAX_WAITING_BYTES) {
      this.#fail(
        new ApiError(413, "stdin_overflow", "The command does not read its input; too much is waiting."),
      );
      return;
    }
    this.#enqueue(async () => {
      if (!this.#process) throw invalidRequest("stdin", "state", 'Send {type:"start"} before any input.');
      // A command that no longer reads is no reason to end it.
      await this.#process.write(data).catch(() => {});
      this.#waitingBytes -= data.byteLength;
    });
  }

  /** The client is gone, or was sent away. */
  onClose(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#authTimer);
    this.options.wire.onClose();
    if (this.#process) void killGroup(this.#process);
  }

  #enqueue(work: () => Promise<void>): void {
    this.#last = this.#last.then(async () => {
      if (this.#closed) return;
      try {
        await work();
      } catch (error) {
        this.#fail(error);
      }
    });
  }

  async #handle(message: Exclude<ClientMessage, { type: "stop" }>): Promise<void> {
    switch (message.type) {
      case "auth": {
        const { token, api_key: apiKey } = message;
        this.#caller ??= await this.options.authenticate({ bearer: token, apiKey });
        return;
      }
      case "start":
        return this.#start(message);
      case "eof":
        await this.#process?.closeStdin().catch(() => {});
    }
  }

  async #start(command: Extract<ClientMessage, { type: "start" }>): Promise<void> {
    const { deps, sandboxId: id, wire } = this.options;
    if (!this.#caller) throw unauthorized('Sign in first: send {type:"auth"}.');
    if (this.#started) throw invalidRequest("type", "state", "A command was started on this socket before.");
    this.#started = true;
    const { cmd, args = null, envs = {}, cwd = null, user = null } = command;
    const target = await guestOf(deps.sandboxes, this.#caller, { id, user });
    const spec = { ...toProcess({ cmd, args, envs, cwd }), stdin: true };
    const process = await GuestProcess.start(deps.guests, target, spec);
    this.#process = process;
    if (this.#closed) {
      await killGroup(process);
      return;
    }
    wire.say({ type: "start", pid: process.pid });
    void this.#follow(process);
  }

  async #follow(process: GuestProcess): Promise<void> {
    const { wire } = this.options;
    try {
      const output = process.output();
      for (;;) {
        const next = await output.next();
        if (next.done) {
          const { exitCode, signal } = next.value;
          wire.say({ type: "exit", exit_code: exitCode, ...(signal !== null && { signal }) });
          this.#process = null;
          wire.close(1000, "exit");
          this.onClose();
          return;
        }
        const { stream, data } = next.value;
        await wire.bytes(stream === "stderr" ? CHANNEL.stderr : CHANNEL.stdout, data);
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  async #stop(signal: Signal): Promise<void> {
    try {
      await this.#process?.signal(signal);
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(thrown: unknown): void {
    if (this.#closed) return;
    const known = toApiError(thrown);
    const error = known.status === 500 ? guestError(thrown, "process") : known;
    this.options.wire.say({ type: "error", code: error.code, message: error.message });
    this.options.wire.close(error.status < 500 ? 1008 : 1011, error.code);
    this.onClose();
  }
}
