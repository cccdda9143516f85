/**
 * What waits for one client to read it, bounded: a client that does not keep up loses what waits and is told to
 * fetch anew, however much changes meanwhile.
 */
import { frameOf, KEEPALIVE, withId } from "./frame.ts";
import type { ControlEvent, ResyncReason } from "./messages.ts";

/** Text that waits at most, in UTF-16 units; a thousand sandboxes are about half of it. */
const MAX_WAITING = 2 * 1024 * 1024;

/** Events of the stream itself. */
export const controlFrame = ({ event, data }: ControlEvent): string => frameOf(event, data);

export class Outbox {
  readonly #maxWaiting: number;
  #frames: string[] = [];
  #waiting = 0;
  #resync: ResyncReason | null = null;
  /** Of the last frame that was put in, whether or not it is still here. */
  #id: string | null = null;
  #isEnded = false;
  #reader: PromiseWithResolvers<void> | null = null;

  constructor({ maxWaiting = MAX_WAITING }: { maxWaiting?: number } = {}) {
    this.#maxWaiting = maxWaiting;
  }

  /** Nothing waits to be read. */
  get isEmpty(): boolean {
    return this.#frames.length === 0 && this.#resync === null;
  }

  /** @param id where the reader is after these frames. */
  put(frames: readonly string[], id: string): void {
    if (this.#isEnded) return;
    this.#id = id;
    if (this.#resync !== null) return;
    const last = frames.length - 1;
    const marked = frames.map((frame, index) => (index === last ? withId(id, frame) : frame));
    const size = marked.reduce((sum, frame) => sum + frame.length, 0);
    // One reading is bounded by itself.
    if (this.#waiting > 0 && this.#waiting + size > this.#maxWaiting) {
      this.resync("slow", id);
      return;
    }
    this.#frames.push(...marked);
    this.#waiting += size;
    this.#wake();
  }

  /** Instead of all that waits. */
  resync(reason: ResyncReason, id: string): void {
    if (this.#isEnded) return;
    this.#frames = [];
    this.#waiting = 0;
    this.#resync = reason;
    this.#id = id;
    this.#wake();
  }

  /** A sign of life for a client that has read everything, and where it is by now. */
  keepAlive(id: string): void {
    if (!this.#isEnded && this.isEmpty) this.put([KEEPALIVE + "\n"], id);
  }

  /** Nothing is put in any more. @param last is read before the end, and what waits is not. */
  end(last: string | null = null): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#resync = null;
    this.#frames = last === null ? [] : [last];
    this.#wake();
  }

  /** All that waits, as one text; waits for there to be some. Null at the end. */
  async take(): Promise<string | null> {
    while (this.isEmpty && !this.#isEnded) {
      this.#reader = Promise.withResolvers();
      await this.#reader.promise;
    }
    if (this.isEmpty) return null;
    if (this.#resync !== null) {
      const frame = controlFrame({ event: "resync", data: { reason: this.#resync } });
      this.#resync = null;
      return withId(this.#id ?? "", frame);
    }
    const text = this.#frames.join("");
    this.#frames = [];
    this.#waiting = 0;
    return text;
  }

  #wake(): void {
    this.#reader?.resolve();
    this.#reader = null;
  }
}
