/** Live changes as the server tells them, for all lists of a page: of the session's team, and for platform admins. */
import type { StreamedEvent } from "../api/event-stream.ts";
import type { Connection, LineListener } from "./event-line.ts";
import { followLine } from "./shared-line.ts";
import { Store, type Unsubscribe } from "./store.ts";

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

export class LiveEvents {
  readonly connection = new Store<Connection>("off");
  /** Somebody wants to be told. */
  readonly isFollowed = new Store(false);
  readonly #followers = new Set<Follower>();
  #running: AbortController | null = null;

  constructor(private readonly path: string) {}

  follow(follower: Follower): Unsubscribe {
    this.#followers.add(follower);
    this.isFollowed.set(true);
    return () => {
      this.#followers.delete(follower);
      this.isFollowed.set(this.#followers.size > 0);
    };
  }

  /** Follows whatever the session may see from now on. @param whose tells apart what different sessions see */
  start(whose: string): void {
    this.stop();
    this.#running = new AbortController();
    const { signal } = this.#running;
    const listener: LineListener = {
      heard: (event) => {
        if (!signal.aborted) this.#take(event);
      },
      turned: (connection) => {
        if (!signal.aborted) this.connection.set(connection);
      },
    };
    void followLine({ path: this.path, name: `wrenn ${this.path} ${whose}`, signal }, listener);
  }

  stop(): void {
    this.#running?.abort();
    this.#running = null;
    this.connection.set("off");
  }

  #take({ event, data }: StreamedEvent): void {
    const body = parse(data);
    if (body === null) return;
    if (event === "resync" || (event === "ready" && Reflect.get(body, "resumed") !== true))
      this.#tellMissed();
    else if (event === "ready") return;
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

/** Of the session's team. */
export const liveEvents = new LiveEvents("/v1/events");

/** Of the whole instance, for platform admins. */
export const adminEvents = new LiveEvents("/v1/admin/events");
