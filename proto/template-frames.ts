/** The body of a template import: messages of an export, each after its length in four bytes, big-endian. */
import { fromBinary, toBinary } from "@bufbuild/protobuf";

import { type ExportTemplateResponse, ExportTemplateResponseSchema } from "./gen/wrenn/host/v1/host_pb.ts";

/** Largest piece of a file in one message. */
export const PIECE_BYTES = 256 * 1024;
/** A piece with what is around it, and a plan of any template. */
const MAX_FRAME_BYTES = 2 * PIECE_BYTES;
const LENGTH_BYTES = 4;

/** A body that is not a sequence of whole messages. */
export class BadFrame extends Error {
  override name = "BadFrame";
}

export const encodeFrame = (message: ExportTemplateResponse): Uint8Array<ArrayBuffer> => {
  const content = toBinary(ExportTemplateResponseSchema, message);
  const frame = new Uint8Array(LENGTH_BYTES + content.byteLength);
  new DataView(frame.buffer).setUint32(0, content.byteLength);
  frame.set(content, LENGTH_BYTES);
  return frame;
};

const decode = (content: Uint8Array): ExportTemplateResponse => {
  try {
    return fromBinary(ExportTemplateResponseSchema, content);
  } catch (cause) {
    throw new BadFrame("a message of the body cannot be read", { cause });
  }
};

/**
 * Puts frames together in one buffer, in turns: one for each would pile up faster than garbage is collected
 * (a copy of 700 MB grew the agent by 220 MB instead of 45).
 */
class FrameFiller {
  readonly #length = Buffer.alloc(LENGTH_BYTES);
  #lengthBytes = 0;
  readonly #buffer = new Uint8Array(MAX_FRAME_BYTES);
  /** What of the buffer the frame takes; null until its length is known. */
  #content: Uint8Array | null = null;
  #contentBytes = 0;

  /** True between two frames. */
  get isEmpty(): boolean {
    return this.#lengthBytes === 0;
  }

  /** The contents of the frames that `chunk` completes, each until the next is asked for. Throws `BadFrame`. */
  *add(chunk: Uint8Array): Generator<Uint8Array> {
    for (let at = 0; at < chunk.byteLength;) {
      at += this.#take(chunk.subarray(at));
      if (this.#content === null || this.#contentBytes < this.#content.length) continue;
      yield this.#content;
      this.#content = null;
      this.#lengthBytes = 0;
    }
  }

  /** How much of `bytes` was taken. */
  #take(bytes: Uint8Array): number {
    if (this.#content === null) {
      const taken = Math.min(LENGTH_BYTES - this.#lengthBytes, bytes.byteLength);
      this.#length.set(bytes.subarray(0, taken), this.#lengthBytes);
      this.#lengthBytes += taken;
      if (this.#lengthBytes === LENGTH_BYTES) this.#begin(this.#length.readUInt32BE(0));
      return taken;
    }
    const taken = Math.min(this.#content.length - this.#contentBytes, bytes.byteLength);
    this.#content.set(bytes.subarray(0, taken), this.#contentBytes);
    this.#contentBytes += taken;
    return taken;
  }

  #begin(length: number): void {
    if (length > MAX_FRAME_BYTES) throw new BadFrame(`a message of ${length} bytes is too large`);
    this.#content = this.#buffer.subarray(0, length);
    this.#contentBytes = 0;
  }
}

/**
 * Holds at most one frame and one chunk of the body. The bytes in a message are good until the next one is
 * asked for. Throws `BadFrame`.
 */
export async function* decodeFrames(body: AsyncIterable<Uint8Array>): AsyncGenerator<ExportTemplateResponse> {
  const filler = new FrameFiller();
  for await (const chunk of body) {
    for (const content of filler.add(chunk)) yield decode(content);
  }
  if (!filler.isEmpty) throw new BadFrame("the body ends within a message");
}
