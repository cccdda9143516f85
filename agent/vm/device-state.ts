/** Saved device state: about 13 KB that the VMM wrote, taken over from its jail and checked before use. */
import { constants } from "node:fs";
import { open, readFile } from "node:fs/promises";

import { digestBytes } from "../system/digest.ts";
import { SnapshotRefused, VmFailed } from "./runtime.ts";

/** The jailed process can write what it likes to its file; real state stays far below this. */
const MAX_BYTES = 16 << 20;

/** Copies what QEMU wrote at `from` into `to`, fsynced, and returns its digest. */
export const takeDeviceState = async ({ from, to }: { from: string; to: string }): Promise<string> => {
  const source = await open(from, constants.O_RDONLY | constants.O_NOFOLLOW);
  let bytes: Buffer;
  try {
    const { size } = await source.stat();
    if (size === 0 || size > MAX_BYTES) {
      throw new VmFailed("save_failed", `the VM wrote ${size} bytes of device state, not 1 to ${MAX_BYTES}`);
    }
    bytes = await source.readFile();
  } finally {
    await source.close();
  }
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
export const checkDeviceState = async (path: string, digest: string): Promise<void> => {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new SnapshotRefused(`cannot read the saved device state ${path}`, { cause });
  });
  if (digestBytes(bytes) !== digest) {
    throw new SnapshotRefused(`the saved device state ${path} is damaged: its checksum is wrong`);
  }
};
