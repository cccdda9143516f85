/**
 * Kernels and guest drives that nothing refers to: each new agent brings a drive of over 100 MB. The newest
 * stays, as what new sandboxes boot with; which one that is could be told exactly by its digest, but to
 * compute that takes longer than everything else an agent does at its start.
 */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

/**
 * @param directory of kernels or of drives, named by their digest
 * @param used digests of either
 */
export const findUnusedBootFiles = async (
  directory: string,
  used: ReadonlySet<string>,
): Promise<string[]> => {
  const entries = await Promise.all(
    (await readdir(directory)).map(async (name) => {
      const path = join(directory, name);
      return { name, path, changedMs: (await stat(path)).mtimeMs };
    }),
  );
  const [, ...older] = entries.sort((a, b) => b.changedMs - a.changedMs);
  return older.filter(({ name }) => !used.has(name.split(".")[0] ?? "")).map(({ path }) => path);
};
