/** One stream of the server's events, taken up again by itself from the last event that came, at growing intervals. */
import { readEventStream, type StreamedEvent } from "../api/event-stream.ts";
import { session } from "./session.ts";
import { passAlong } from "./stream-pulse.ts";

export type Connection = "off" | "connecting" | "live" | "waiting";

export interface LineListener {
  /** What the server sent, `ready` and empty ones that are nothing but a place in the stream included. */
  heard(event: StreamedEvent): void;
  /** @param waitMs how long it waits, about. */
  turned(connection: Connection, waitMs: number): void;
}

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;
/** The server tells that it is alive more often than this. */
const SILENCE_MS = 60_000;

/** How a stream ended: whether coming back at once is any good. */
type Ending = "cut" | "refused";

export class EventLine {
  /** Where it goes on; empty: at whatever is now. */
  lastId = "";
  #isLive = false;
  #retry: (() => void) | null = null;

  constructor(
    private readonly path: string,
    private readonly listener: LineListener,
  ) {}

  /** Until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    let waitMs = FIRST_WAIT_MS;
    while (!signal.aborted) {
      this.#isLive = false;
      this.listener.turned("connecting", 0);
      const ending = await this.#listen(signal).catch((): Ending => "cut");
      if (signal.aborted) return;
      if (ending === "refused") waitMs = LONGEST_WAIT_MS;
      else waitMs = this.#isLive ? FIRST_WAIT_MS : Math.min(waitMs * 2, LONGEST_WAIT_MS);
      this.listener.turned("waiting", waitMs);
      // Not all at once, when a server comes back.
      await this.#wait(waitMs * (0.75 + Math.random() / 2), signal);
    }
  }

  /** Ends a wait. */
  retry(): void {
    this.#retry?.();
  }

  async #listen(signal: AbortSignal): Promise<Ending> {
    const silence = new AbortController();
    const headers = {
      authorization: `Bearer ${session.token}`,
      accept: "text/event-stream",
      ...(this.lastId !== "" && { "last-event-id": this.lastId }),
    };
    const response = await fetch(this.path, { headers, signal: AbortSignal.any([signal, silence.signal]) });
    if (response.status === 401) return (await session.renew()) ? "cut" : "refused";
    if (!response.ok || response.body === null) return response.status < 500 ? "refused" : "cut";
    const body = passAlong(response.body, { silenceMs: SILENCE_MS, onSilence: () => silence.abort() });
    for await (const event of readEventStream(body)) {
      // What was read ahead of an end is not told after it.
      if (signal.aborted) return "cut";
      if (event.event === "auth") {
        // Perhaps another team is left, or a new sign-in is due: the next token tells.
        await session.renew();
        return "refused";
      }
      if (event.id !== "") this.lastId = event.id;
      if (event.event === "ready") this.#nowLive();
      this.listener.heard(event);
    }
    return "cut";
  }

  #nowLive(): void {
    this.#isLive = true;
    this.listener.turned("live", 0);
  }

  /** Ends early when the network is back. */
  #wait(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        this.#retry = null;
        clearTimeout(timer);
        removeEventListener("online", end);
        signal.removeEventListener("abort", end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      this.#retry = end;
      addEventListener("online", end);
      signal.addEventListener("abort", end);
    });
  }
}
