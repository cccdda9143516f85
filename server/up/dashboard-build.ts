/** Bundles the dashboard, once per state of its sources. */
import { join } from "node:path";

import { buildOnce } from "./built-once.ts";

export interface BuiltDashboard {
  /** What `WRENN_WEB_DIR` takes. */
  directory: string;
  /** False when it was there already. */
  built: boolean;
}

const SOURCES = ["web/**/*", "package.json", "bun.lock"];

/** `<directory>/<digest>/web`, built when it is not there. Throws `CommandFailure`. */
export const buildDashboard = async (directory: string): Promise<BuiltDashboard> => {
  const pathIn = (folder: string): string => join(folder, "web");
  const { folder, built } = await buildOnce({
    what: "the dashboard",
    directory,
    sources: SOURCES,
    argv: (folder) => ["web/build.ts", "--outdir", pathIn(folder)],
  });
  return { directory: pathIn(folder), built };
};
