/** Saved device state: about 13 KB that the VMM wrote, taken over from its jail and checked before use. */
import { constants } from "node:fs";
import { open, readFile } from "node:fs/promises";

import { digestBytes } from "../system/digest.ts";
import { SnapshotRefused, VmFailed } from "./runtime.ts";

/** The jailed process can write what it likes to its file; real state stays far below this. */
const MAX_BYTES = 16 << 20;

const readBounded = async (path: string): Promise<Uint8Array> => {
  const source = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const { size } = await source.stat();
    if (size === 0 || size > MAX_BYTES) {
      throw new VmFailed("save_failed", `the VM wrote ${size} bytes of device state, not 1 to ${MAX_BYTES}`);
    }
    const { buffer, bytesRead } = await source.read(new Uint8Array(size), 0, size, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await source.close();
  }
};

/** Copies what QEMU wrote at `from` into `to`, fsynced, and returns its digest. */
export const takeDeviceState = async ({ from, to }: { from: string; to: string }): Promise<string> => {
  const bytes = await readBounded(from);
  const target = await open(to, "w", 0o600);
  try {
    await target.writeFile(bytes);
    await target.sync();
  } finally {
    await target.close();
  }
  return digestBytes(bytes);
};

/** Throws `SnapshotRefused` when the file is not what was saved. */
export const readDeviceState = async (path: string, digest: string): Promise<Uint8Array> => {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new SnapshotRefused(`cannot read the saved device state ${path}`, { cause });
  });
  if (digestBytes(bytes) !== digest) {
    throw new SnapshotRefused(`the saved device state ${path} is damaged: its checksum is wrong`);
  }
  return bytes;
};
