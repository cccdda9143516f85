/** What is built from the sources of this clone, once per state of them: kept under their digest. */
import { mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";

import { PROJECT_DIRECTORY } from "./dependencies.ts";
import { CommandFailure } from "./failure.ts";

const BUILD_TIMEOUT_MS = 120_000;

export interface BuildPlan {
  /** What failed, in its message. */
  what: string;
  /** Holds a folder per state of the sources. */
  directory: string;
  /** Patterns of all that goes into it, relative to the project. */
  sources: readonly string[];
  /** Arguments of the Bun that builds, given the folder to build in. */
  argv(folder: string): string[];
}

export interface Built {
  folder: string;
  /** False when it was there already. */
  built: boolean;
}

/** Digest over everything that goes into it, the compiler's version included. */
const digestSources = async (sources: readonly string[]): Promise<string> => {
  const hasher = new Bun.CryptoHasher("sha256").update(`${Bun.version} ${process.arch}\0`);
  const paths = sources.flatMap((pattern) => [...new Bun.Glob(pattern).scanSync({ cwd: PROJECT_DIRECTORY })]);
  for (const path of paths.filter((one) => !one.endsWith(".test.ts")).sort()) {
    hasher.update(`${path}\0`).update(await Bun.file(join(PROJECT_DIRECTORY, path)).bytes());
  }
  return hasher.digest("hex").slice(0, 16);
};

/** Only the newest few are kept: whoever runs an older one holds it open anyway. */
const removeOld = (directory: string, current: string): void => {
  const others = readdirSync(directory)
    .filter((name) => name !== current)
    .map((name) => ({ name, changedMs: statSync(join(directory, name)).mtimeMs }))
    .sort((one, other) => other.changedMs - one.changedMs);
  for (const { name } of others.slice(2)) rmSync(join(directory, name), { recursive: true, force: true });
};

/** Builds when the folder of the present sources is not there. Throws `CommandFailure`. */
export const buildOnce = async ({ what, directory, sources, argv }: BuildPlan): Promise<Built> => {
  const digest = await digestSources(sources);
  const folder = join(directory, digest);
  if (await Bun.file(join(folder, "complete")).exists()) return { folder, built: false };
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const build = Bun.spawn([process.execPath, "--no-env-file", ...argv(folder)], {
    cwd: PROJECT_DIRECTORY,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    timeout: BUILD_TIMEOUT_MS,
  });
  const [stdout, stderr, exitCode] = await Promise.all([
    new Response(build.stdout).text(),
    new Response(build.stderr).text(),
    build.exited,
  ]);
  if (exitCode !== 0) {
    const lastWords = `${stdout}\n${stderr}`.trim().slice(-2_000);
    throw new CommandFailure(
      "build_failed",
      `building ${what} failed (exit code ${exitCode}):\n${lastWords}`,
    );
  }
  await Bun.write(join(folder, "complete"), "");
  removeOld(directory, digest);
  return { folder, built: true };
};
