/**
 * Writes one uploaded file as it arrives. An existing file keeps its inode, mode and owner, and links are
 * followed, as an editor's save would; a new one disappears again when its upload breaks off. (Writing aside
 * and renaming in would change owner, links and what watchers see.)
 */
import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  openSync,
  statfsSync,
  unlinkSync,
  write,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";

import { Code, ConnectError } from "@connectrpc/connect";

import { errnoOf, pathError } from "../errors.ts";
import { makeDirectories } from "../filesystem/tree.ts";
import { asUser } from "../system/credentials.ts";
import { replaceMetadata } from "../system/xattr.ts";
import type { User } from "../users.ts";
import { SMALL_BYTES } from "./small.ts";

const FILE_MODE = 0o644;
/** A FIFO or terminal must not hold up the agent at open; what it is is looked at after. */
const OPEN_FLAGS = constants.O_WRONLY | constants.O_CREAT | constants.O_NONBLOCK | constants.O_NOCTTY;

export interface StoreOptions {
  path: string;
  user: User;
  source: AsyncIterable<Uint8Array>;
  /** Bytes the client has announced; null when unknown. */
  announcedBytes: number | null;
  metadata: Readonly<Record<string, string>>;
}

interface Target {
  fd: number;
  created: boolean;
}

/** Synchronous, inside `asUser`. */
const openTarget = (path: string): Target => {
  makeDirectories(dirname(path));
  try {
    return { fd: openSync(path, OPEN_FLAGS | constants.O_EXCL, FILE_MODE), created: true };
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") throw error;
    return { fd: openSync(path, OPEN_FLAGS, FILE_MODE), created: false };
  }
};

const checkTarget = ({ fd }: Target, path: string): void => {
  if (!fstatSync(fd).isFile())
    throw new ConnectError(`'${path}' is not a regular file`, Code.InvalidArgument);
};

/** Before the old content goes: an upload that cannot fit must not cost it. */
const checkRoom = ({ fd }: Target, path: string, announcedBytes: number | null): void => {
  if (announcedBytes === null) return;
  const { bavail, bsize } = statfsSync(dirname(path));
  if (announcedBytes > bavail * bsize + fstatSync(fd).size) {
    throw new ConnectError(`'${path}': no space left on the disk`, Code.ResourceExhausted);
  }
};

const writeNow = (fd: number, bytes: Uint8Array): void => {
  for (let offset = 0; offset < bytes.byteLength;) offset += writeSync(fd, bytes, offset);
};

const writeAll = async (fd: number, bytes: Uint8Array): Promise<void> => {
  for (let offset = 0; offset < bytes.byteLength;) {
    offset += await new Promise<number>((resolve, reject) => {
      write(fd, bytes, offset, bytes.byteLength - offset, null, (error, count) =>
        error ? reject(error) : resolve(count),
      );
    });
  }
};

/** Synchronous, inside `asUser`. */
export const removeQuietly = (path: string): void => {
  try {
    unlinkSync(path);
  } catch (error) {
    // Already gone, or its directory taken away from this user: nothing is left to do.
    if (errnoOf(error) === null) throw error;
  }
};

/** Throws a Connect error: what the path does not allow, or resource_exhausted for a full disk. */
export const storeFile = async ({
  path,
  user,
  source,
  announcedBytes,
  metadata,
}: StoreOptions): Promise<void> => {
  let target: Target | null = null;
  let whole = false;
  try {
    target = asUser(user, () => openTarget(path));
    checkTarget(target, path);
    checkRoom(target, path, announcedBytes);
    ftruncateSync(target.fd, 0);
    const isSmall = announcedBytes !== null && announcedBytes <= SMALL_BYTES;
    for await (const chunk of source) {
      if (isSmall) writeNow(target.fd, chunk);
      else await writeAll(target.fd, chunk);
    }
    asUser(user, () => replaceMetadata(path, metadata));
    whole = true;
  } catch (error) {
    throw pathError(error, path);
  } finally {
    if (target !== null) closeSync(target.fd);
    if (target?.created && !whole) asUser(user, () => removeQuietly(path));
  }
};
