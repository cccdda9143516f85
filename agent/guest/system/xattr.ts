/** User metadata of files: extended attributes `user.e2b.<key>`. */
import { errnoOf } from "../errors.ts";
import { check, libc } from "./libc.ts";

export const METADATA_PREFIX = "user.e2b.";
/** Limits of the kernel (XATTR_LIST_MAX, XATTR_SIZE_MAX). */
const MAX_BYTES = 65_536;

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** A list or value of unknown size: small first, as nearly all are. */
const grow = (read: (buffer: Uint8Array) => number): Uint8Array => {
  for (let size = 512; ; size = MAX_BYTES) {
    const buffer = new Uint8Array(size);
    try {
      return buffer.subarray(0, read(buffer));
    } catch (error) {
      if (errnoOf(error) !== "ERANGE" || size === MAX_BYTES) throw error;
    }
  }
};

const names = (path: string): string[] => {
  const list = grow((buffer) => check("listxattr", libc.listxattr(path, buffer, buffer.byteLength)));
  if (list.byteLength === 0) return [];
  return decoder
    .decode(list)
    .split("\0")
    .filter((name) => name.startsWith(METADATA_PREFIX));
};

/** Metadata of the file at `path` (links followed); empty where the file system keeps none. */
export const readMetadata = (path: string): Record<string, string> => {
  try {
    return Object.fromEntries(
      names(path).map((name) => {
        const value = grow((buffer) =>
          check("getxattr", libc.getxattr(path, name, buffer, buffer.byteLength)),
        );
        return [name.slice(METADATA_PREFIX.length), decoder.decode(value)];
      }),
    );
  } catch (error) {
    if (errnoOf(error) === null) throw error;
    return {};
  }
};

/** Makes the file's metadata exactly `metadata`. Throws `SystemCallFailed`. */
export const replaceMetadata = (path: string, metadata: Readonly<Record<string, string>>): void => {
  let present: string[] = [];
  try {
    present = names(path);
  } catch (error) {
    if (errnoOf(error) !== "ENOTSUP") throw error;
  }
  for (const name of present) {
    if (!Object.hasOwn(metadata, name.slice(METADATA_PREFIX.length)))
      check("removexattr", libc.removexattr(path, name));
  }
  for (const [key, value] of Object.entries(metadata)) {
    const bytes = encoder.encode(value);
    check("setxattr", libc.setxattr(path, METADATA_PREFIX + key, bytes, bytes.byteLength, 0));
  }
};
