/** What memory a process has, as the kernel counts it. */
import { readFile } from "node:fs/promises";

const read = async (pid: number, keys: readonly string[]): Promise<number> => {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, "utf8");
  const kilobytes = keys.map((key) => Number(new RegExp(`^${key}:\\s+(\\d+)`, "m").exec(text)?.[1] ?? 0));
  return kilobytes.reduce((sum, one) => sum + one, 0) / 1024;
};

/** MB that only this process has. */
export const privateMegabytes = (pid: number): Promise<number> =>
  read(pid, ["Private_Clean", "Private_Dirty"]);

/** MB with its share of what it has in common with others. */
export const ownMegabytes = (pid: number): Promise<number> => read(pid, ["Pss"]);
