/**
 * Finds where the body of a request ends, so that nothing behind it is passed on. Chunks (RFC 9112 section
 * 7.1) are read in their plainest form: with extensions or trailers the request is malformed.
 */
import type { BodyLength } from "./request-head.ts";

const LINE_FEED = 10;
/** Size of a chunk in hexadecimal, as long as a number can be trusted with. */
const SIZE_LINE = /^([0-9A-Fa-f]{1,12})\r\n$/;
const MAX_SIZE_LINE = 14;

export class RequestBody {
  /** Of the present chunk or of the whole body, yet to come. */
  #left: number;
  readonly #chunked: boolean;
  /** What a line of a chunked body began with. */
  #line = "";
  #next: "size" | "data" | "data_end" | "last_end" | "nothing";

  constructor(length: BodyLength) {
    this.#chunked = length === "chunked";
    this.#left = length === "chunked" ? 0 : length;
    this.#next = this.#chunked ? "size" : length === 0 ? "nothing" : "data";
  }

  get ended(): boolean {
    return this.#next === "nothing";
  }

  /** How many of the bytes, from the first on, belong to the body. Null: it is malformed. */
  take(bytes: Uint8Array): number | null {
    let at = 0;
    while (at < bytes.length && this.#next !== "nothing") {
      if (this.#next === "data") {
        const length = Math.min(this.#left, bytes.length - at);
        this.#left -= length;
        at += length;
        if (this.#left === 0) this.#next = this.#chunked ? "data_end" : "nothing";
      } else {
        const byte = bytes[at] ?? 0;
        at += 1;
        this.#line += String.fromCharCode(byte);
        if (byte === LINE_FEED ? !this.#endLine() : this.#line.length >= MAX_SIZE_LINE) return null;
      }
    }
    return at;
  }

  /** False: the line is not what must stand here. */
  #endLine(): boolean {
    const line = this.#line;
    this.#line = "";
    if (this.#next !== "size") {
      this.#next = this.#next === "data_end" ? "size" : "nothing";
      return line === "\r\n";
    }
    const [, size] = SIZE_LINE.exec(line) ?? [];
    if (size === undefined) return false;
    this.#left = Number.parseInt(size, 16);
    this.#next = this.#left === 0 ? "last_end" : "data";
    return true;
  }
}
