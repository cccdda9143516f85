/** The last output of a process, for those who come later. */

export type Channel = "stdout" | "stderr" | "pty";

export interface OutputChunk {
  channel: Channel;
  bytes: Uint8Array;
}

export const KEPT_BYTES = 64 * 1024;

/** Many tiny writes would cost more in bookkeeping than in bytes: beyond this neighbours are merged. */
const MAX_PIECES = 512;

/** The last `KEPT_BYTES` of output, in order, channels kept apart. */
export class RecentOutput {
  #chunks: OutputChunk[] = [];
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  add({ channel, bytes }: OutputChunk): void {
    // A copy: the chunk may be a small view of a large read buffer, or belong to the reader.
    const copy = bytes.slice(Math.max(0, bytes.byteLength - KEPT_BYTES));
    this.#chunks.push({ channel, bytes: copy });
    this.#bytes += copy.byteLength;
    while (this.#bytes > KEPT_BYTES) {
      const [oldest] = this.#chunks;
      if (oldest === undefined) break;
      const excess = this.#bytes - KEPT_BYTES;
      if (oldest.bytes.byteLength <= excess) {
        this.#chunks.shift();
        this.#bytes -= oldest.bytes.byteLength;
      } else {
        oldest.bytes = oldest.bytes.slice(excess);
        this.#bytes -= excess;
      }
    }
    if (this.#chunks.length > MAX_PIECES) this.#merge();
  }

  #merge(): void {
    const merged: OutputChunk[] = [];
    let run: OutputChunk[] = [];
    const close = (): void => {
      const [first] = run;
      if (first !== undefined) merged.push({ channel: first.channel, bytes: joinBytes(run) });
      run = [];
    };
    for (const chunk of this.#chunks) {
      if (run[0] !== undefined && run[0].channel !== chunk.channel) close();
      run.push(chunk);
    }
    close();
    // Output that keeps changing channel cannot be merged; then the oldest half goes.
    this.#chunks = merged.length > MAX_PIECES ? merged.slice(-MAX_PIECES / 2) : merged;
    this.#bytes = this.#chunks.reduce((sum, chunk) => sum + chunk.bytes.byteLength, 0);
  }

  snapshot(): OutputChunk[] {
    return this.#chunks.map((chunk) => ({ ...chunk }));
  }
}

const joinBytes = (chunks: OutputChunk[]): Uint8Array => {
  const joined = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.bytes.byteLength, 0));
  let offset = 0;
  for (const { bytes } of chunks) {
    joined.set(bytes, offset);
    offset += bytes.byteLength;
  }
  return joined;
};
