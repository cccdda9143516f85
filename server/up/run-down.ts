/** `bun run down [--dir D] [--purge]`: stop an instance, or remove all of it. */
import { resolve } from "node:path";
import { parseArgs } from "node:util";

import { defaultDirectory } from "./data-directory.ts";
import { CommandFailure, describeError } from "./failure.ts";
import { stopInstance } from "./stop-instance.ts";

const USAGE = "usage: bun run down [--dir D] [--purge]";

const parse = (args: string[]): { dir: string | null; purge: boolean } => {
  try {
    const { values } = parseArgs({
      args,
      strict: true,
      allowPositionals: false,
      options: { dir: { type: "string" }, purge: { type: "boolean" } },
    });
    return { dir: values.dir ?? null, purge: values.purge ?? false };
  } catch (error) {
    throw new CommandFailure("bad_flag", `${describeError(error)}\n${USAGE}`);
  }
};

/** Prints what was done. Without `--dir` this covers the smoke test's own directory beside the default one. */
export const runDown = async (args: string[]): Promise<void> => {
  const { dir, purge } = parse(args);
  const main = resolve(dir ?? defaultDirectory());
  console.log(await stopInstance(main, { purge }));
  const beside = `${main}-smoke`;
  if (dir === null && (await Bun.file(`${beside}/run/up.lock`).exists())) {
    console.log(await stopInstance(beside, { purge }));
  }
  if (purge && (process.env.DATABASE_URL ?? "") !== "") {
    console.log("the database of DATABASE_URL was left alone");
  }
};
