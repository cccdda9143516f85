/** Cuts a byte stream into lines, holding at most one unfinished line of bounded length. */
export class LineSplitter {
  #rest = Buffer.alloc(0);

  constructor(readonly maxLineBytes: number) {}

  /** The lines finished by `bytes`, without their ends; null when a line grew past the bound. */
  push(bytes: Uint8Array): string[] | null {
    const lines: string[] = [];
    let buffer = this.#rest.length === 0 ? Buffer.from(bytes) : Buffer.concat([this.#rest, bytes]);
    for (;;) {
      const end = buffer.indexOf(10);
      if (end < 0) break;
      lines.push(buffer.toString("utf8", 0, end).trimEnd());
      buffer = buffer.subarray(end + 1);
    }
    this.#rest = buffer;
    return buffer.length > this.maxLineBytes ? null : lines;
  }
}
