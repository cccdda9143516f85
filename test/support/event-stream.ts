/** A client of the streams of events, as the dashboard is one: reads with the header, remembers the last id. */
import { waitFor } from "./wait-for.ts";

export interface SeenEvent {
  event: string;
  data: {
    action?: string;
    id?: string;
    resource?: Record<string, unknown> | null;
    resumed?: boolean;
    reason?: string;
    team_id?: string;
    error?: { code: string };
  };
}

export interface StreamOptions {
  token: string;
  path?: string;
  lastEventId?: string;
}

const WAIT_MS = 10_000;

export class EventStream implements AsyncDisposable {
  /** Oldest first, control events included. */
  readonly events: SeenEvent[] = [];
  lastId = "";
  /** The answer is over, whoever ended it. */
  hasEnded = false;
  readonly #abort = new AbortController();

  private constructor(private readonly reading: (stream: EventStream) => Promise<void>) {}

  /** Resolves when the stream is live. Throws when it is refused. */
  static async open(url: string, options: StreamOptions): Promise<EventStream> {
    const { token, path = "/v1/events", lastEventId } = options;
    const stream = new EventStream(async (self) => {
      const response = await fetch(`${url}${path}`, {
        headers: {
          authorization: `Bearer ${token}`,
          ...(lastEventId !== undefined && { "last-event-id": lastEventId }),
        },
        signal: self.#abort.signal,
      });
      if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
      void self.#read(response).finally(() => (self.hasEnded = true));
    });
    await stream.reading(stream);
    await waitFor("the stream is live", () => stream.events.length > 0 || stream.hasEnded, WAIT_MS);
    return stream;
  }

  /** Those of one name, as they come to hold now. */
  named(event: string): SeenEvent[] {
    return this.events.filter((seen) => seen.event === event);
  }

  /** Waits until so many of one name have come. */
  count(event: string, count: number): Promise<void> {
    return waitFor(`${count} of ${event}`, () => this.named(event).length >= count, WAIT_MS);
  }

  /** Waits for an event that `matches`, from the first one on. */
  async next(what: string, matches: (seen: SeenEvent) => boolean, timeoutMs = WAIT_MS): Promise<SeenEvent> {
    let found: SeenEvent | undefined;
    const look = (): boolean => (found = this.events.find(matches)) !== undefined;
    await waitFor(what, look, timeoutMs).catch((cause: unknown) => {
      throw new Error(`${what}: not among ${JSON.stringify(this.events).slice(0, 4_000)}`, { cause });
    });
    if (found === undefined) throw new Error(what);
    return found;
  }

  /** Waits for a change of one thing. */
  told(event: string, id: string, action?: string): Promise<SeenEvent> {
    return this.next(
      `${event} ${id} ${action ?? ""}`,
      (seen) =>
        seen.event === event && seen.data.id === id && (action === undefined || seen.data.action === action),
    );
  }

  async ends(): Promise<void> {
    await waitFor("the stream ends", () => this.hasEnded, WAIT_MS);
  }

  async close(): Promise<void> {
    this.#abort.abort();
    await this.ends();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #read(response: Response): Promise<void> {
    const decoder = new TextDecoder();
    let text = "";
    try {
      for await (const chunk of response.body ?? []) {
        text += decoder.decode(chunk, { stream: true });
        const blocks = text.split("\n\n");
        text = blocks.pop() ?? "";
        for (const block of blocks) this.#take(block);
      }
    } catch {
      // Cut off: the same as an end, for who listens.
    }
  }

  #take(block: string): void {
    let event = "message";
    const data: string[] = [];
    for (const line of block.split("\n")) {
      const [, name = "", value = ""] = /^([^:]*):? ?(.*)$/.exec(line) ?? [];
      if (name === "event") event = value;
      if (name === "data") data.push(value);
      if (name === "id") this.lastId = value;
    }
    if (data.length > 0) this.events.push({ event, data: JSON.parse(data.join("\n")) });
  }
}
