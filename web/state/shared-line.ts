/**
 * A stream of events that all tabs of a person share: browsers keep six connections to a server over HTTP/1.1,
 * and streams of as many tabs would take them all. The tab that holds the lock has the stream and passes on
 * what it hears; the others know the last event as well, and whichever gets the lock next goes on from there.
 */
import type { StreamedEvent } from "../api/event-stream.ts";
import { type Connection, EventLine, type LineListener } from "./event-line.ts";

type Message =
  | { kind: "event"; from: string; event: StreamedEvent }
  /** How the leading tab's stream stands. */
  | { kind: "state"; from: string; connection: Connection; waitMs: number; lastId: string }
  | { kind: "ask" }
  /** A tab in the background is late with its timers; one in sight asks it to connect now. */
  | { kind: "retry" }
  /** This leader did not answer: what it may still say is old. */
  | { kind: "deposed"; leader: string };

/** Without a word for so long, the leading tab is asked; it has so long to answer, or twice that. */
const QUIET_MS = 30_000;
const ANSWER_MS = 5_000;
/** Of its wait, after which a tab in sight does not believe in the leader's timers. */
const LATE = 1.5;

/** Browsers have locks on pages over HTTPS or of this very machine. */
const canShare = (): boolean => "locks" in navigator && "BroadcastChannel" in globalThis;

/** Follows the stream until `signal` aborts. @param name the same in all tabs that may see the same */
export const followLine = async (
  { path, name, signal }: { path: string; name: string; signal: AbortSignal },
  listener: LineListener,
): Promise<void> => {
  if (canShare()) {
    try {
      return await new SharedLine(path, name, listener).run(signal);
    } catch (error) {
      // A stream of one's own is better than none.
      reportError(error);
    }
  }
  await new EventLine(path, listener).run(signal);
};

class SharedLine {
  /** Names this tab's present leadership, or its last. */
  #me = "";
  readonly #channel: BroadcastChannel;
  readonly #line: EventLine;
  #connection: Connection = "connecting";
  #waitMs = 0;
  /** Ends this tab's leadership. Null while another one leads. */
  #leading: AbortController | null = null;
  #leader = "";
  readonly #deposed = new Set<string>();
  #seize: (() => void) | null = null;
  #quiet: ReturnType<typeof setTimeout> | undefined;
  #late: ReturnType<typeof setTimeout> | undefined;

  constructor(
    path: string,
    private readonly name: string,
    private readonly listener: LineListener,
  ) {
    this.#channel = new BroadcastChannel(name);
    this.#line = new EventLine(path, {
      heard: (event) => {
        this.#say({ kind: "event", from: this.#me, event });
        listener.heard(event);
      },
      turned: (connection, waitMs) => {
        this.#turn(connection, waitMs);
        this.#tellState();
      },
    });
  }

  async run(signal: AbortSignal): Promise<void> {
    this.#channel.addEventListener("message", ({ data }: MessageEvent<Message>) => this.#take(data));
    this.#turn("connecting", 0);
    this.#say({ kind: "ask" });
    this.#listenForSilence();
    try {
      await this.#takeTurns(signal);
    } finally {
      clearTimeout(this.#quiet);
      clearTimeout(this.#late);
      this.#channel.close();
    }
  }

  /** Waits for the lock, leads, and after another tab took it away waits again. */
  async #takeTurns(signal: AbortSignal): Promise<void> {
    let steal = false;
    while (!signal.aborted) {
      const waiting = new AbortController();
      this.#seize = () => waiting.abort();
      const options: LockOptions = steal ? { steal } : { signal: AbortSignal.any([signal, waiting.signal]) };
      try {
        await navigator.locks.request(this.name, options, () => this.#lead(signal));
      } catch (error) {
        if (!(error instanceof DOMException) || error.name !== "AbortError") throw error;
      }
      steal = waiting.signal.aborted;
      if (this.#leading !== null) this.#stepDown();
    }
  }

  async #lead(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const leading = new AbortController();
    this.#leading = leading;
    this.#me = crypto.randomUUID();
    this.#seize = null;
    clearTimeout(this.#quiet);
    clearTimeout(this.#late);
    await this.#line.run(AbortSignal.any([signal, leading.signal]));
  }

  /** The lock was taken away, because this tab was frozen or busy: it knows nothing of what came since. */
  #stepDown(): void {
    this.#leading?.abort();
    this.#leading = null;
    this.#say({ kind: "ask" });
    this.#listenForSilence();
    this.listener.heard({ id: "", event: "resync", data: "{}" });
  }

  #take(message: Message): void {
    if (message.kind === "deposed") return void this.#deposed.add(message.leader);
    if (this.#leading !== null) return this.#answer(message);
    if (message.kind === "ask" || message.kind === "retry" || this.#deposed.has(message.from)) return;
    this.#leader = message.from;
    this.#listenForSilence();
    if (message.kind === "event") {
      if (message.event.id !== "") this.#line.lastId = message.event.id;
      this.listener.heard(message.event);
    } else {
      if (message.lastId !== "") this.#line.lastId = message.lastId;
      this.#turn(message.connection, message.waitMs);
    }
  }

  #answer(message: Message): void {
    if (message.kind === "ask") this.#tellState();
    else if (message.kind === "retry") this.#line.retry();
  }

  #turn(connection: Connection, waitMs: number): void {
    this.#connection = connection;
    this.#waitMs = waitMs;
    clearTimeout(this.#late);
    if (connection === "waiting" && this.#leading === null) {
      this.#late = setTimeout(() => this.#say({ kind: "retry" }), waitMs * LATE);
    }
    this.listener.turned(connection, waitMs);
  }

  #tellState(): void {
    const { lastId } = this.#line;
    this.#say({ kind: "state", from: this.#me, connection: this.#connection, waitMs: this.#waitMs, lastId });
  }

  #listenForSilence(): void {
    clearTimeout(this.#quiet);
    this.#quiet = setTimeout(() => {
      this.#say({ kind: "ask" });
      // Not all tabs at once: the first one's word is heard by the others.
      this.#quiet = setTimeout(() => this.#depose(), ANSWER_MS * (1 + Math.random()));
    }, QUIET_MS);
  }

  #depose(): void {
    if (this.#leader !== "") {
      this.#deposed.add(this.#leader);
      this.#say({ kind: "deposed", leader: this.#leader });
    }
    this.#seize?.();
  }

  #say(message: Message): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel is within the origin
    this.#channel.postMessage(message);
  }
}
