/** Reads numbers and stretches out of bytes nobody vouches for: past the end there are zeroes and a flag. */

export class ByteReader {
  readonly #bytes: Uint8Array;
  #at = 0;
  #overrun = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** More was read than there is: what was read since means nothing. */
  get overrun(): boolean {
    return this.#overrun;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  /** Everything was read and nothing beyond it. */
  get exhausted(): boolean {
    return !this.#overrun && this.left === 0;
  }

  take(length: number): Uint8Array {
    if (length > this.left) {
      this.#overrun = true;
      this.#at = this.#bytes.length;
      return new Uint8Array(0);
    }
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  /** An unsigned number of `size` bytes, the highest first. */
  uint(size: 1 | 2 | 3): number {
    return this.take(size).reduce((value, byte) => value * 256 + byte, 0);
  }

  /** A stretch that its own length, of `size` bytes, stands before. */
  block(size: 1 | 2): Uint8Array {
    return this.take(this.uint(size));
  }
}
