/** Files that only their owner may read, replaced whole or not at all. */
import { open, rename, rm } from "node:fs/promises";

export const writeSecretly = async (path: string, content: string): Promise<void> => {
  const aside = `${path}.${process.pid}.new`;
  await rm(aside, { force: true });
  // "wx": never through a link somebody else put there.
  const handle = await open(aside, "wx", 0o600);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(aside, path);
};
