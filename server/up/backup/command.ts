/** The command line that `backup` and `restore` share: one file, and which instance. */
import { resolve } from "node:path";
import { parseArgs } from "node:util";

import { CommandFailure, describeError } from "../failure.ts";

export interface FileCommand {
  file: string;
  dir: string | null;
}

/** Throws `CommandFailure` (`bad_flag`). */
export const parseFileCommand = (name: string, args: string[]): FileCommand => {
  const usage = `usage: bun run ${name} FILE [--dir D]`;
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { dir: { type: "string" } },
    });
    const [file, ...rest] = positionals;
    if (file === undefined || file === "" || rest.length > 0) throw new CommandFailure("bad_flag", usage);
    return { file: resolve(file), dir: values.dir ?? null };
  } catch (error) {
    if (error instanceof CommandFailure) throw error;
    throw new CommandFailure("bad_flag", `${describeError(error)}\n${usage}`);
  }
};
