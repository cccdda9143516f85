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

/** Holds at most one frame and one chunk of the body. Throws `BadFrame`. */
export async function* decodeFrames(body: AsyncIterable<Uint8Array>): AsyncGenerator<ExportTemplateResponse> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of body) {
    rest = rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([rest, chunk]);
    for (;;) {
      if (rest.length < LENGTH_BYTES) break;
      const length = rest.readUInt32BE(0);
      if (length > MAX_FRAME_BYTES) throw new BadFrame(`a message of ${length} bytes is too large`);
      if (rest.length < LENGTH_BYTES + length) break;
      yield decode(rest.subarray(LENGTH_BYTES, LENGTH_BYTES + length));
      rest = rest.subarray(LENGTH_BYTES + length);
    }
  }
  if (rest.length > 0) throw new BadFrame("the body ends within a message");
}
