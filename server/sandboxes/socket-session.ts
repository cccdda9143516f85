/**
 * One process over one WebSocket, whatever the process is: sign-in, order of messages, bounded input, and one
 * way to fail. `exec` and `pty` say what they start and what becomes of it when the client goes.
 */
import type { TeamCaller } from "../auth/context.ts";
import { ApiError, invalidRequest, toApiError, unauthorized } from "../errors.ts";
import { guestError } from "../traffic/guest-errors.ts";
import type { GuestProcess, Output } from "../traffic/guest-process.ts";
import type { ExecDeps } from "./exec.ts";
import type { SocketWire } from "./socket-wire.ts";

/** How long a client may take to sign in, in ms. */
const AUTH_MS = 5_000;
/** Input that waits for the process to read it; a client that sends more without end is cut off. */
const MAX_WAITING_BYTES = 64 * 1024 * 1024;

export interface SessionOptions {
  deps: ExecDeps;
  wire: SocketWire;
  /** Bare UUID. */
  sandboxId: string;
  /** Null when the upgrade carried no credentials. */
  caller: TeamCaller | null;
  authenticate: (credentials: { apiKey?: string; bearer?: string }) => Promise<TeamCaller>;
  /** The caller as the database has it now; throws when the right is gone. */
  renew: (caller: TeamCaller) => Promise<TeamCaller>;
  /** How often that is asked while the socket is open. */
  recheckMs: number;
}

export interface AuthMessage {
  type: "auth";
  token?: string;
  api_key?: string;
}

export abstract class SocketSession<Message extends { type: string }> {
  protected process: GuestProcess | null = null;
  #caller: TeamCaller | null;
  #begun = false;
  #closed = false;
  #waitingBytes = 0;
  /** Messages are handled one after the other. */
  #last: Promise<void> = Promise.resolve();
  readonly #authTimer: Timer;
  readonly #recheckTimer: Timer;

  constructor(protected readonly options: SessionOptions) {
    this.#caller = options.caller;
    this.#authTimer = setTimeout(() => {
      if (!this.#caller) this.fail(unauthorized('Sign in within 5 seconds: send {type:"auth"}.'));
    }, AUTH_MS);
    this.#recheckTimer = setInterval(() => void this.#recheck(), options.recheckMs);
  }

  /** What the channel of input is called in the guest. */
  protected abstract readonly input: "stdin" | "pty";
  /** What must not wait behind input that the process does not read; true when it was that. */
  protected abstract handleAtOnce(message: Message): boolean;
  protected abstract handle(message: Message): Promise<void>;
  /** The client is gone. */
  protected abstract leave(process: GuestProcess): Promise<void>;
  protected abstract send(output: Output): Promise<void>;

  onMessage(message: Message | AuthMessage): void {
    if (isAuth(message)) this.#enqueue(() => this.#signIn(message));
    else if (!this.handleAtOnce(message)) this.#enqueue(() => this.handle(message));
  }

  onInput(data: Uint8Array): void {
    this.#waitingBytes += data.byteLength;
    if (this.#waitingBytes > MAX_WAITING_BYTES) {
      this.fail(
        new ApiError(413, "stdin_overflow", "The process does not read its input; too much is waiting."),
      );
      return;
    }
    this.#enqueue(async () => {
      if (!this.#begun) throw invalidRequest("type", "state", "Start a process before any input.");
      // A process that no longer reads is no reason to end it.
      await this.process?.write(data, this.input).catch(() => {});
      this.#waitingBytes -= data.byteLength;
    });
  }

  /** The client is gone, or was sent away. */
  onClose(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#authTimer);
    clearInterval(this.#recheckTimer);
    this.options.wire.onClose();
    if (this.process) void this.leave(this.process);
  }

  fail(thrown: unknown): void {
    if (this.#closed) return;
    const known = toApiError(thrown);
    const error = known.status === 500 ? guestError(thrown, "process") : known;
    this.options.wire.say({ type: "error", code: error.code, message: error.message, ...error.details });
    this.options.wire.close(error.status < 500 ? 1008 : 1011, error.code);
    this.onClose();
  }

  /** Who signed in, with the rights of this moment, for the one process that this socket may begin. */
  protected async begin(): Promise<TeamCaller> {
    if (!this.#caller) throw unauthorized('Sign in first: send {type:"auth"}.');
    if (this.#begun) throw invalidRequest("type", "state", "This socket has its process already.");
    this.#caller = await this.options.renew(this.#caller);
    this.#begun = true;
    return this.#caller;
  }

  /** Takes the process over: its output goes to the client until it ends. */
  protected async attach(process: GuestProcess, greeting: Record<string, unknown>): Promise<void> {
    this.process = process;
    if (this.#closed) {
      await this.leave(process);
      return;
    }
    this.options.wire.say(greeting);
    void this.#follow(process);
  }

  async #signIn({ token, api_key: apiKey }: AuthMessage): Promise<void> {
    this.#caller ??= await this.options.authenticate({ bearer: token, apiKey });
  }

  /** A right that was lost ends the socket. A database that is away for a moment does not. */
  async #recheck(): Promise<void> {
    if (!this.#caller) return;
    try {
      this.#caller = await this.options.renew(this.#caller);
    } catch (thrown) {
      const error = toApiError(thrown);
      if (error.status < 500) this.fail(error);
    }
  }

  #enqueue(work: () => Promise<void>): void {
    this.#last = this.#last.then(async () => {
      if (this.#closed) return;
      try {
        await work();
      } catch (error) {
        this.fail(error);
      }
    });
  }

  async #follow(process: GuestProcess): Promise<void> {
    try {
      const output = process.output();
      for (;;) {
        const next = await output.next();
        if (next.done) return this.#end(next.value);
        await this.send(next.value);
      }
    } catch (error) {
      this.fail(error);
    }
  }

  #end({ exitCode, signal }: { exitCode: number; signal: string | null }): void {
    this.process = null;
    this.options.wire.say({ type: "exit", exit_code: exitCode, ...(signal !== null && { signal }) });
    this.options.wire.close(1000, "exit");
    this.onClose();
  }
}

const isAuth = (message: { type: string }): message is AuthMessage => message.type === "auth";
