/** Files that must be whole after a crash: written beside, fsynced, renamed in. */
import { open, rename } from "node:fs/promises";
import { dirname } from "node:path";

/** Makes a rename or unlink in `directory` last. */
export const syncDirectory = async (directory: string): Promise<void> => {
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};

/** Replaces `path` by `content` in one step: readers and crashes see the old file or the new one. */
export const writeDurably = async (path: string, content: string, mode = 0o600): Promise<void> => {
  const aside = `${path}.${process.pid}.new`;
  const handle = await open(aside, "w", mode);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(aside, path);
  await syncDirectory(dirname(path));
};
