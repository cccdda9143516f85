/**
 * Live changes as the server tells them, for all lists of a page: one stream for the session's team, another one for
 * platform admins. It is taken up again by itself, from the last event that came, at growing intervals.
 */
import { readEventStream, type StreamedEvent } from "../api/event-stream.ts";
import { session } from "./session.ts";
import { Store, type Unsubscribe } from "./store.ts";
import { passAlong } from "./stream-pulse.ts";

export type Connection = "off" | "connecting" | "live" | "waiting";

export interface LiveChange {
  /** What changed: `sandbox`, `template`, `host`, … */
  kind: string;
  /** Empty where nothing in particular is named. */
  id: string;
  action: "created" | "updated" | "deleted";
  /** The thing as its GET answers; null: gone, or to be asked for. */
  resource: object | null;
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

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;

const textIn = (data: object, name: string): string => {
  const value: unknown = Reflect.get(data, name);
  return typeof value === "string" ? value : "";
};

const parse = (data: string): object | null => {
  try {
    const value: unknown = JSON.parse(data);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
};

/** How a stream ended: whether coming back at once is any good. */
type Ending = "cut" | "refused";

export class LiveEvents {
  readonly connection = new Store<Connection>("off");
  readonly #followers = new Set<Follower>();
  #running: AbortController | null = null;
  #lastId = "";

  constructor(private readonly path: string) {}

  follow(follower: Follower): Unsubscribe {
    this.#followers.add(follower);
    return () => void this.#followers.delete(follower);
  }

  /** Follows whatever the session may see from now on. */
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
      const ending = await this.#listen(signal).catch((): Ending => "cut");
      if (signal.aborted) return;
      const wasLive = this.connection.value === "live";
      this.connection.set("waiting");
      if (ending === "refused") waitMs = LONGEST_WAIT_MS;
      else waitMs = wasLive ? FIRST_WAIT_MS : Math.min(waitMs * 2, LONGEST_WAIT_MS);
      // Not all at once, when a server comes back.
      await wait(waitMs * (0.75 + Math.random() / 2), signal);
    }
  }

  async #listen(signal: AbortSignal): Promise<Ending> {
    const silence = new AbortController();
    const headers = {
      authorization: `Bearer ${session.token}`,
      accept: "text/event-stream",
      ...(this.#lastId !== "" && { "last-event-id": this.#lastId }),
    };
    const response = await fetch(this.path, { headers, signal: AbortSignal.any([signal, silence.signal]) });
    if (response.status === 401) return (await session.renew()) ? "cut" : "refused";
    if (!response.ok || response.body === null) return response.status < 500 ? "refused" : "cut";
    const body = passAlong(response.body, { silenceMs: SILENCE_MS, onSilence: () => silence.abort() });
    for await (const event of readEventStream(body)) {
      if (event.id !== "") this.#lastId = event.id;
      if (event.event === "auth") {
        // Perhaps another team is left, or a new sign-in is due: the next token tells.
        await session.renew();
        return "refused";
      }
      this.#take(event);
    }
    return "cut";
  }

  #take({ event, data }: StreamedEvent): void {
    const body = parse(data);
    if (body === null) return;
    if (event === "ready") {
      this.connection.set("live");
      if (Reflect.get(body, "resumed") !== true) this.#tellMissed();
    } else if (event === "resync") this.#tellMissed();
    else this.#tell(event, body);
  }

  #tell(kind: string, body: object): void {
    const resource: unknown = Reflect.get(body, "resource");
    const action = textIn(body, "action");
    const change: LiveChange = {
      kind,
      id: textIn(body, "id"),
      action: action === "created" || action === "deleted" ? action : "updated",
      resource: isObject(resource) ? resource : null,
    };
    for (const follower of this.#followers) {
      if (follower.kinds.includes(kind)) reporting(() => follower.changed(change));
    }
  }

  #tellMissed(): void {
    for (const follower of this.#followers) reporting(() => follower.missed());
  }
}

/** A follower that fails is a fault of its own: neither the stream nor the others end by it. */
const reporting = (work: () => void): void => {
  try {
    work();
  } catch (error) {
    reportError(error);
  }
};

/** Ends early when the network is back. */
const wait = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
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

/** Of the session's team. */
export const liveEvents = new LiveEvents("/v1/events");

/** Of the whole instance, for platform admins. */
export const adminEvents = new LiveEvents("/v1/admin/events");
