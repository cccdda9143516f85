/** Compiles the host agent, once per state of its sources. */
import { join } from "node:path";

import { buildOnce } from "./built-once.ts";

export interface AgentExecutable {
  path: string;
  /** False when it was there already. */
  built: boolean;
}

const SOURCES = ["agent/**/*", "proto/**/*.ts", "package.json", "bun.lock"];

/** `<directory>/<digest>/wrenn-agent`, built when it is not there. Throws `CommandFailure`. */
export const buildAgent = async (directory: string): Promise<AgentExecutable> => {
  const pathIn = (folder: string): string => join(folder, "wrenn-agent");
  const { folder, built } = await buildOnce({
    what: "the agent",
    directory,
    sources: SOURCES,
    argv: (folder) => ["agent/build.ts", "--outfile", pathIn(folder)],
  });
  return { path: pathIn(folder), built };
};
