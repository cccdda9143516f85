/** A folder as a user of the package has it: a program, and `node_modules` beside it. */
import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";

import { testDirectory } from "../../support/agent-directory.ts";

const ROOT = join(import.meta.dir, "..", "..", "..");
const PROGRAMS = join(ROOT, "test", "sdk", "program");

export interface Workshop {
  directory: string;
  /** The cases, one file that Node and Bun run alike. */
  program: string;
  /** What Node has to load first where names under `.localhost` are used. */
  loopbackNames: string;
}

export const createWorkshop = async (): Promise<Workshop> => {
  const directory = join(await testDirectory(), `sdk-${process.pid}`);
  await mkdir(directory, { recursive: true });
  await Bun.write(join(directory, "package.json"), JSON.stringify({ private: true, type: "module" }));
  await symlink(join(ROOT, "node_modules"), join(directory, "node_modules"));
  const built = await Bun.build({
    entrypoints: [join(PROGRAMS, "main.ts"), join(PROGRAMS, "loopback-names.ts")],
    outdir: directory,
    target: "node",
    format: "esm",
    packages: "external",
    sourcemap: "linked",
  });
  if (!built.success) throw new AggregateError(built.logs, "the cases cannot be bundled");
  return {
    directory,
    program: join(directory, "main.js"),
    loopbackNames: join(directory, "loopback-names.js"),
  };
};
