/** Large files. They run by themselves, while memory is watched. */
import assert from "node:assert/strict";
import { createCipheriv, createHash } from "node:crypto";

import { type Case, everywhere } from "../program/case.ts";

const MB = 2 ** 20;

/** Bytes that nothing compresses, the same each time, with the hash of all that was handed out. */
const randomBytes = (totalBytes: number) => {
  const cipher = createCipheriv("aes-128-ctr", Buffer.alloc(16, 1), Buffer.alloc(16));
  const hash = createHash("sha256");
  const zeros = Buffer.alloc(MB);
  let leftBytes = totalBytes;
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      const piece = cipher.update(zeros.subarray(0, Math.min(leftBytes, MB)));
      leftBytes -= piece.length;
      hash.update(piece);
      controller.enqueue(new Uint8Array(piece));
      if (leftBytes === 0) controller.close();
    },
  });
  return { stream, digest: () => hash.digest("hex") };
};

const thereAndBack = (name: string, megabytes: (isSoak: boolean) => number): Case =>
  everywhere(name, async (_sdk, world) => {
    const { files } = await world.sandbox();
    const path = "/home/user/large";
    const bytes = megabytes(world.settings.isSoak) * MB;
    const content = randomBytes(bytes);
    await files.write(path, content.stream, { useOctetStream: true, requestTimeoutMs: 0 });
    assert.equal((await files.getInfo(path)).size, bytes);
    const hash = createHash("sha256");
    const stream = await files.read(path, { format: "stream", requestTimeoutMs: 0 });
    for await (const piece of stream) hash.update(piece);
    assert.equal(hash.digest("hex"), content.digest());
    await files.remove(path);
  });

/** Whatever is loaded and warmed with the first large file. */
export const WARM_UP = thereAndBack("transfers: some megabytes", () => 10);

export const LARGE_FILE = thereAndBack("transfers: a gigabyte, or a tenth of it", (isSoak) =>
  isSoak ? 1_000 : 100,
);

export const TRANSFERS: readonly Case[] = [WARM_UP, LARGE_FILE];
