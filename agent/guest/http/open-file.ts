/** A regular file opened for reading with a user's rights, and its bytes as a stream. */
import { closeSync, constants, fstatSync, openSync, read, type Stats } from "node:fs";

import { Code, ConnectError } from "@connectrpc/connect";

import { pathError } from "../errors.ts";
import { asUser } from "../system/credentials.ts";
import type { User } from "../users.ts";

const CHUNK_BYTES = 64 * 1024;

export interface OpenFile {
  fd: number;
  stats: Stats;
}

/** Throws a Connect error; what is no regular file is refused (a FIFO would wait for ever). */
export const openFile = (path: string, user: User): OpenFile => {
  let fd: number;
  try {
    fd = asUser(user, () => openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY));
  } catch (error) {
    throw pathError(error, path);
  }
  const stats = fstatSync(fd);
  if (stats.isFile()) return { fd, stats };
  closeSync(fd);
  throw new ConnectError(
    `'${path}' is ${stats.isDirectory() ? "a directory" : "not a regular file"}`,
    Code.InvalidArgument,
  );
};

const readNext = (fd: number, buffer: Uint8Array): Promise<number> =>
  new Promise((resolve, reject) => {
    read(fd, buffer, 0, buffer.byteLength, null, (error, bytes) => (error ? reject(error) : resolve(bytes)));
  });

/** All bytes; the descriptor is closed however it ends, once it has begun. */
export async function* readAll(fd: number): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  try {
    for (;;) {
      const buffer = new Uint8Array(CHUNK_BYTES);
      const bytes = await readNext(fd, buffer);
      if (bytes === 0) return;
      yield buffer.subarray(0, bytes);
    }
  } finally {
    closeSync(fd);
  }
}
