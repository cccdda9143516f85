/** Compiles the host agent, once per state of its sources: the executable is kept under their digest. */
import { mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";

import { PROJECT_DIRECTORY } from "./dependencies.ts";
import { CommandFailure } from "./failure.ts";

export interface AgentExecutable {
  path: string;
  /** False when it was there already. */
  built: boolean;
}

const SOURCES = ["agent/**/*", "proto/**/*.ts", "package.json", "bun.lock"];
const BUILD_TIMEOUT_MS = 120_000;

/** Digest over everything that goes into the executable, the compiler's version included. */
const digestSources = async (): Promise<string> => {
  const hasher = new Bun.CryptoHasher("sha256").update(`${Bun.version} ${process.arch}\0`);
  const paths = SOURCES.flatMap((pattern) => [...new Bun.Glob(pattern).scanSync({ cwd: PROJECT_DIRECTORY })]);
  for (const path of paths.filter((one) => !one.endsWith(".test.ts")).sort()) {
    hasher.update(`${path}\0`).update(await Bun.file(join(PROJECT_DIRECTORY, path)).bytes());
  }
  return hasher.digest("hex").slice(0, 16);
};

/** Only the newest few are kept: running agents hold theirs open anyway. */
const removeOld = (directory: string, current: string): void => {
  const others = readdirSync(directory)
    .filter((name) => name !== current)
    .map((name) => ({ name, changedMs: statSync(join(directory, name)).mtimeMs }))
    .sort((one, other) => other.changedMs - one.changedMs);
  for (const { name } of others.slice(2)) rmSync(join(directory, name), { recursive: true, force: true });
};

/** `<directory>/<digest>/wrenn-agent`, built when it is not there. Throws `CommandFailure`. */
export const buildAgent = async (directory: string): Promise<AgentExecutable> => {
  const digest = await digestSources();
  const folder = join(directory, digest);
  const path = join(folder, "wrenn-agent");
  if (await Bun.file(join(folder, "complete")).exists()) return { path, built: false };
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const build = Bun.spawn([process.execPath, "--no-env-file", "agent/build.ts", "--outfile", path], {
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
      `building the agent failed (exit code ${exitCode}):\n${lastWords}`,
    );
  }
  await Bun.write(join(folder, "complete"), "");
  removeOld(directory, digest);
  return { path, built: true };
};
