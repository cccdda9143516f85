/** How many hosts this machine plays: what was asked for, else what the last start had. */
import type { DataPaths } from "./data-directory.ts";
import { readRemembered, remember } from "./remembered.ts";

/** @param asked by `--hosts`; null: not said */
export const chooseHostCount = async (paths: DataPaths, asked: number | null): Promise<number> => {
  const before = readRemembered(paths.remembered).hosts;
  if (asked === null || asked === before) return before;
  await remember(paths.remembered, { hosts: asked });
  return asked;
};
