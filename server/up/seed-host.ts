/** Gives a new host what another on the same file system has built already. */
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";

import { runTool } from "./system-tool.ts";

/** What of a WRENN_DIR serves every host alike. */
const SHARED = ["images", "layers", "kernels", "drives", "cache"];

/** True when templates were ever kept there. */
export const hasImages = (directory: string): boolean => existsSync(join(directory, "images"));

/** By hard links, which is sound because these files never change in place. `to` holds none of it yet. */
export const seedHost = async (from: string, to: string): Promise<void> => {
  mkdirSync(to, { recursive: true, mode: 0o755 });
  const present = SHARED.filter((name) => existsSync(join(from, name)));
  for (const name of present) await runTool(["cp", "--archive", "--link", join(from, name), to]);
  // Changes that the other host has yet to tell.
  rmSync(join(to, "cache", "changes.json"), { force: true });
};
