import { expect, test } from "bun:test";

import { clone, create } from "@bufbuild/protobuf";

import { type ExportTemplateResponse, ExportTemplateResponseSchema } from "./gen/wrenn/host/v1/host_pb.ts";
import { decodeFrames, encodeFrame } from "./template-frames.ts";

const data = (length: number): ExportTemplateResponse =>
  create(ExportTemplateResponseSchema, { part: { case: "data", value: new Uint8Array(length).fill(7) } });

async function* chunksOf(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** As each is when it comes: the next one may take its place. */
const received = async (body: AsyncIterable<Uint8Array>): Promise<ExportTemplateResponse[]> =>
  Array.fromAsync(decodeFrames(body), (message) => clone(ExportTemplateResponseSchema, message));

test("messages arrive whole, however the body is cut", async () => {
  const messages = [data(0), data(5), data(256 * 1024)];
  const body = Buffer.concat(messages.map(encodeFrame));
  for (const size of [1_000, 65_536, body.length]) {
    expect(await received(chunksOf(body, size))).toEqual(messages);
  }
  const small = encodeFrame(data(5));
  expect(await received(chunksOf(small, 1))).toEqual([data(5)]);
});

test("a body that ends within a message, or announces a large one, is refused", async () => {
  const frame = encodeFrame(data(5));
  await expect(Array.fromAsync(decodeFrames(chunksOf(frame.subarray(0, -1), 4)))).rejects.toThrow(
    "ends within",
  );
  const large = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 1);
  await expect(Array.fromAsync(decodeFrames(chunksOf(large, 5)))).rejects.toThrow("too large");
  const garbage = Uint8Array.of(0, 0, 0, 2, 0xff, 0xff);
  await expect(Array.fromAsync(decodeFrames(chunksOf(garbage, 6)))).rejects.toThrow("cannot be read");
});
