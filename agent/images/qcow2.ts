/**
 * The header of a qcow2 file that came from another host. A disk may name any file of this machine as what
 * it stands on, and QEMU would open it: so each name is compared with the one it must be.
 */
import { open } from "node:fs/promises";

/** Offsets of header fields (QEMU docs/interop/qcow2.txt), all big-endian. */
const MAGIC = 0x514649fb;
const VERSION = 4;
const BACKING_OFFSET = 8;
const BACKING_SIZE = 16;
const CRYPT_METHOD = 32;
const INCOMPATIBLE_FEATURES = 72;
const HEADER_BYTES = 104;
const LONGEST_NAME = 1023;

/** A disk layer that is not one this agent would have made. */
export class BadLayer extends Error {
  override name = "BadLayer";
}

/** Name of the file it stands on; null for none. Throws `BadLayer` for what agents do not make. */
export const readBackingName = async (path: string): Promise<string | null> => {
  const handle = await open(path, "r");
  try {
    const header = Buffer.alloc(HEADER_BYTES);
    const { bytesRead } = await handle.read(header, 0, HEADER_BYTES, 0);
    if (bytesRead < HEADER_BYTES || header.readUInt32BE(0) !== MAGIC || header.readUInt32BE(VERSION) !== 3) {
      throw new BadLayer("a disk layer is no qcow2 file");
    }
    // An outside data file would be one more name.
    if (header.readBigUInt64BE(INCOMPATIBLE_FEATURES) !== 0n || header.readUInt32BE(CRYPT_METHOD) !== 0) {
      throw new BadLayer("a disk layer has features that no agent gives it");
    }
    const offset = Number(header.readBigUInt64BE(BACKING_OFFSET));
    const size = header.readUInt32BE(BACKING_SIZE);
    if (offset === 0) return null;
    if (size > LONGEST_NAME) throw new BadLayer("a disk layer names no file it could stand on");
    const { buffer, bytesRead: length } = await handle.read(Buffer.alloc(size), 0, size, offset);
    return buffer.toString("utf8", 0, length);
  } finally {
    await handle.close();
  }
};
