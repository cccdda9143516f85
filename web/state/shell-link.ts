/**
 * Ties one shell in a sandbox to a screen, for as long as it is wanted: begins it the first time, and after that
 * finds it again by its tag, whatever broke meanwhile. What it printed last is told again then.
 */
import { type Size, TerminalSocket } from "../api/terminal-socket.ts";
import { session } from "./session.ts";
import { Store } from "./store.ts";

export type LinkState =
  | { kind: "off" }
  | { kind: "connecting" }
  | { kind: "live" }
  /** It is tried again by itself. */
  | { kind: "lost"; why: string }
  /** The shell is over; null: it is not there any more, and nobody knows how it ended. */
  | { kind: "ended"; exitCode: number | null }
  | { kind: "refused"; why: string };

export interface ScreenOfShell {
  readonly size: Size;
  clear(): void;
  write(data: Uint8Array): Promise<void>;
}

const FIRST_WAIT_MS = 300;
const LONGEST_WAIT_MS = 8_000;
/** A screen that is so far behind is cut off, and goes on with the newest. */
const MOST_UNSHOWN_BYTES = 16 * 1024 * 1024;
/** Questions in what is told again were answered long ago. */
const RETELLING_MS = 1_000;

/** What a terminal says by itself when a program asks it who it is or where its cursor stands. */
// oxlint-disable-next-line no-control-regex -- these are control sequences
const OWN_ANSWER = /^\u001B(?:\[[?>=]?[\d;]*[cRny]|\]\d+;.*|P.*)$/s;

/** Nothing that trying again would change. */
const FINAL = new Set(["sandbox_not_found", "forbidden", "bad_origin", "invalid_request", "no_team"]);

const encoder = new TextEncoder();

export class ShellLink {
  readonly state = new Store<LinkState>({ kind: "off" });
  #socket: TerminalSocket | null = null;
  #retry: Timer | undefined;
  #waitMs = FIRST_WAIT_MS;
  #unshownBytes = 0;
  #retoldUntilMs = 0;

  constructor(
    private readonly sandboxId: string,
    private readonly tag: string,
    private readonly screen: ScreenOfShell,
    /** It ran before: it is looked for first. */
    private hasBegun: boolean,
  ) {}

  /** Until `close`. */
  open(): void {
    if (this.#socket === null) this.#connect();
  }

  /** The shell goes on without a screen. */
  close(): void {
    clearTimeout(this.#retry);
    this.#socket?.close();
    this.#socket = null;
    this.state.set({ kind: "off" });
  }

  /** Ends the shell with all that runs in it. */
  kill(): void {
    this.#socket?.kill();
    this.close();
  }

  /** Whether it went out. */
  type(text: string): boolean {
    if (performance.now() < this.#retoldUntilMs && OWN_ANSWER.test(text)) return true;
    return this.send(encoder.encode(text));
  }

  send(data: Uint8Array): boolean {
    return this.state.value.kind === "live" && this.#socket?.send(data) === true;
  }

  fit(): void {
    this.#socket?.resize(this.screen.size);
  }

  #connect(): void {
    clearTimeout(this.#retry);
    const { token } = session;
    if (token === null) return;
    if (this.state.value.kind !== "lost") this.state.set({ kind: "connecting" });
    const { sandboxId, tag } = this;
    const isAgain = this.hasBegun;
    const opening = isAgain
      ? ({ type: "connect", tag } as const)
      : ({ type: "start", tag, ...this.screen.size } as const);
    this.hasBegun = true;
    this.#socket = new TerminalSocket(
      { sandboxId, token, opening },
      {
        started: () => this.#started(isAgain),
        output: (data) => this.#show(data),
        exited: (exitCode) => this.#over({ kind: "ended", exitCode }),
        closed: (code, message) => this.#closed(code, message),
      },
    );
  }

  #started(isAgain: boolean): void {
    this.#waitMs = FIRST_WAIT_MS;
    if (isAgain) {
      this.#retoldUntilMs = performance.now() + RETELLING_MS;
      this.screen.clear();
    }
    this.state.set({ kind: "live" });
    // Another window, or this one before, may have had another size.
    this.fit();
  }

  #show(data: Uint8Array): void {
    this.#unshownBytes += data.byteLength;
    void this.screen.write(data).then(() => {
      this.#unshownBytes -= data.byteLength;
    });
    if (this.#unshownBytes <= MOST_UNSHOWN_BYTES) return;
    this.#socket?.close();
    this.#again("It prints faster than can be shown.");
  }

  #closed(code: string, message: string): void {
    if (code === "process_not_found") this.#over({ kind: "ended", exitCode: null });
    else if (FINAL.has(code)) this.#over({ kind: "refused", why: message });
    else this.#again(message || "The connection broke.");
  }

  #again(why: string): void {
    this.#socket = null;
    this.state.set({ kind: "lost", why });
    const waitMs = this.#waitMs;
    this.#waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
    this.#retry = setTimeout(() => void this.#renewAndConnect(), waitMs * (0.75 + Math.random() / 2));
  }

  /** A token that has expired is a reason to be sent away; a new one does no harm. */
  async #renewAndConnect(): Promise<void> {
    const isIn = await session.renew().catch(() => true);
    if (isIn && this.state.value.kind === "lost") this.#connect();
  }

  #over(state: LinkState): void {
    this.#socket = null;
    this.state.set(state);
  }
}
