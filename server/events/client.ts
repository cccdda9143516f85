/** One open stream: who listens, what waits for them, and how the stream ends. */
import { errorBody, toApiError } from "../errors.ts";
import type { Audience } from "./audience.ts";
import { type Cursor, formatCursor } from "./cursor.ts";
import type { Lost } from "./feed.ts";
import { frameOf } from "./frame.ts";
import { controlFrame, Outbox } from "./outbox.ts";

/** Keepalives that pass without the client reading anything, until it counts as gone. */
const MAX_UNREAD = 8;

export class EventClient {
  readonly outbox: Outbox;
  #unread = 0;

  /**
   * @param audience replaced when the rights are read again.
   * @param since where the client's stream before ended; null for a first one.
   */
  constructor(
    public audience: Audience,
    readonly since: Cursor | "unknown" | null,
    options: { maxWaiting?: number } = {},
  ) {
    this.outbox = new Outbox(options);
  }

  /** The stream begins; with `frames`, those that it missed. */
  greet(cursor: Cursor, { resumed, frames }: { resumed: boolean; frames: readonly string[] }): void {
    const ready = controlFrame({ event: "ready", data: { resumed } });
    this.outbox.put([ready, ...frames], formatCursor(cursor));
  }

  tell(cursor: Cursor, frames: readonly string[]): void {
    this.outbox.put(frames, formatCursor(cursor));
  }

  resync(cursor: Cursor, reason: Lost): void {
    this.outbox.resync(reason, formatCursor(cursor));
  }

  /** False when the client has read nothing for so long that it is to be given up. */
  keepAlive(cursor: Cursor): boolean {
    this.#unread = this.outbox.isEmpty ? 0 : this.#unread + 1;
    this.outbox.keepAlive(formatCursor(cursor));
    return this.#unread < MAX_UNREAD;
  }

  /** The right is gone. */
  dismiss(thrown: unknown): void {
    this.outbox.end(frameOf("auth", errorBody(toApiError(thrown))));
  }
}
