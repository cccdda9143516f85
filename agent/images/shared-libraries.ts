/** Finds the shared libraries an executable needs on this machine, by asking the dynamic loader itself. */
import { realpath } from "node:fs/promises";

import { run } from "../system/exec.ts";

export interface SharedLibraries {
  loaderPath: string;
  /** By the name the executable asks for, such as `libc.so.6`. */
  paths: Map<string, string>;
}

const LINE = /^\s*(?<name>\S+) => (?<path>\/\S+) \(0x/;

/** @param interpreter the loader named in the executable */
export const findSharedLibraries = async (
  executable: string,
  interpreter: string,
): Promise<SharedLibraries> => {
  const loaderPath = await realpath(interpreter);
  const listing = await run([loaderPath, "--list", executable]);
  const paths = new Map<string, string>();
  for (const line of listing.split("\n")) {
    const { name, path } = LINE.exec(line)?.groups ?? {};
    if (name !== undefined && path !== undefined && !name.startsWith("/"))
      paths.set(name, await realpath(path));
  }
  return { loaderPath, paths };
};
