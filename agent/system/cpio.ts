/**
 * Writes cpio archives in the `newc` format, the one the kernel unpacks as an initial RAM disk.
 * Format: Linux Documentation/driver-api/early-userspace/buffer-format.rst.
 */

export interface CpioEntry {
  /** Relative path, no leading slash. Parents must come first. */
  path: string;
  /** Permission bits, such as 0o755. */
  mode: number;
  /** File content; a directory when absent. */
  content?: Uint8Array;
}

const DIRECTORY = 0o040000;
const REGULAR = 0o100000;
const TRAILER = "TRAILER!!!";

const padded = (length: number): number => (length + 3) & ~3;

const header = (index: number, mode: number, fileSize: number, name: string): Buffer => {
  const links = mode & DIRECTORY ? 2 : 1;
  // ino, mode, uid, gid, nlink, mtime, filesize, devmajor, devminor, rdevmajor, rdevminor, namesize, check
  const fields = [index, mode, 0, 0, links, 0, fileSize, 0, 0, 0, 0, Buffer.byteLength(name) + 1, 0];
  const text = `070701${fields.map((value) => value.toString(16).padStart(8, "0")).join("")}${name}\0`;
  const block = Buffer.alloc(padded(Buffer.byteLength(text)));
  block.write(text);
  return block;
};

/** The same entries always give the same bytes: owner root, time zero. */
export const writeCpio = (entries: CpioEntry[]): Buffer => {
  const parts: Uint8Array[] = [];
  entries.forEach(({ path, mode, content }, index) => {
    const type = content === undefined ? DIRECTORY : REGULAR;
    const size = content?.byteLength ?? 0;
    parts.push(header(index + 1, type | mode, size, path));
    if (content !== undefined) parts.push(content, Buffer.alloc(padded(size) - size));
  });
  parts.push(header(0, 0, 0, TRAILER));
  return Buffer.concat(parts);
};
