/**
 * The live changes of the session's team, as `GET /v1/events` tells them: one stream for all lists. It is
 * taken up again by itself, from the last event that came, at growing intervals.
 */
import { readEventStream, type StreamedEvent } from "../api/event-stream.ts";
import { session } from "./session.ts";
import { Store, type Unsubscribe } from "./store.ts";

export type Connection = "off" | "connecting" | "live" | "waiting";

export interface LiveChange {
  /** What changed: `sandbox`, `template`, `host`, … */
  kind: string;
  id: string;
  /** As the API presents it now; null: gone, or to be asked for. */
  value: unknown;
  isGone: boolean;
}

interface Follower {
  kinds: readonly string[];
  changed(change: LiveChange): void;
  /** Events may have been missed: what is shown must be read anew. */
  missed(): void;
}

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;
/** The server tells that it is alive more often than this. */
const SILENCE_MS = 60_000;

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;

/** What an event says; null when it is none about a thing. */
export const readChange = ({ event, data }: StreamedEvent): LiveChange | null => {
  let body: unknown;
  try {
    body = JSON.parse(data);
  } catch {
    return null;
  }
  if (!isRecord(body) || typeof body.id !== "string") return null;
  const value = isRecord(body.value) ? body.value : null;
  return { kind: event, id: body.id, value, isGone: body.action === "deleted" };
};

class LiveEvents {
  readonly connection = new Store<Connection>("off");
  readonly #followers = new Set<Follower>();
  #running: AbortController | null = null;
  #lastId = "";

  follow(follower: Follower): Unsubscribe {
    this.#followers.add(follower);
    return () => void this.#followers.delete(follower);
  }

  /** Follows the session's team from now on. */
  start(): void {
    this.stop();
    this.#running = new AbortController();
    void this.#run(this.#running.signal);
  }

  stop(): void {
    this.#running?.abort();
    this.#running = null;
    this.#lastId = "";
    this.connection.set("off");
  }

  async #run(signal: AbortSignal): Promise<void> {
    let waitMs = FIRST_WAIT_MS;
    while (!signal.aborted) {
      this.connection.set("connecting");
      const isHeard = await this.#listen(signal).catch(() => false);
      if (signal.aborted) return;
      waitMs = isHeard ? FIRST_WAIT_MS : Math.min(waitMs * 2, LONGEST_WAIT_MS);
      this.connection.set("waiting");
      await this.#wait(waitMs * (0.75 + Math.random() / 2), signal);
    }
  }

  /** Until the stream ends; whether it had begun. */
  async #listen(signal: AbortSignal): Promise<boolean> {
    const silence = new AbortController();
    const ends = AbortSignal.any([signal, silence.signal]);
    const response = await fetch("/v1/events", {
      headers: {
        authorization: `Bearer ${session.token}`,
        accept: "text/event-stream",
        ...(this.#lastId !== "" && { "last-event-id": this.#lastId }),
      },
      signal: ends,
    });
    if (response.status === 401) {
      await session.renew();
      return true;
    }
    if (!response.ok || response.body === null) return false;
    // Without a place to go on from, what happened meanwhile is not told.
    if (this.#lastId === "") this.#tellMissed();
    this.connection.set("live");
    const hush = (): Timer => setTimeout(() => silence.abort(), SILENCE_MS);
    let timer = hush();
    try {
      for await (const event of readEventStream(
        this.#beats(response.body, () => {
          clearTimeout(timer);
          timer = hush();
        }),
      )) {
        this.#take(event);
        // A right may be lost: the next token tells what is left.
        if (event.event === "auth") await session.renew();
      }
    } finally {
      clearTimeout(timer);
    }
    return true;
  }

  /** Passes bytes on and tells of each piece: comments that keep the stream alive count too. */
  #beats(
    body: ReadableStream<Uint8Array<ArrayBuffer>>,
    beat: () => void,
  ): ReadableStream<Uint8Array<ArrayBuffer>> {
    return body.pipeThrough(
      new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
        transform: (bytes, controller) => {
          beat();
          controller.enqueue(bytes);
        },
      }),
    );
  }

  #take(event: StreamedEvent): void {
    if (event.id !== "") this.#lastId = event.id;
    if (event.event === "reset") return this.#tellMissed();
    const change = readChange(event);
    if (change === null) return;
    for (const follower of this.#followers) {
      if (follower.kinds.includes(change.kind)) follower.changed(change);
    }
  }

  #tellMissed(): void {
    for (const follower of this.#followers) follower.missed();
  }

  /** Ends early when the network is back. */
  #wait(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        removeEventListener("online", end);
        signal.removeEventListener("abort", end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      addEventListener("online", end);
      signal.addEventListener("abort", end);
    });
  }
}

export const liveEvents = new LiveEvents();
