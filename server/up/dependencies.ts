/**
 * Installs the project's own packages from the lockfile. Runs before anything that imports one of them,
 * so this module uses only what Bun brings along.
 */
import { join } from "node:path";

import { CommandFailure } from "./failure.ts";

/** The root of the source tree. */
export const PROJECT_DIRECTORY = join(import.meta.dir, "..", "..");

export interface InstalledDependencies {
  durationMs: number;
  /** False when everything was there. */
  isChanged: boolean;
}

/**
 * Makes `node_modules` match the lockfile; a few milliseconds when it already does. An install with
 * development packages is left as it is by `production: true`. Throws `CommandFailure`.
 */
export const installDependencies = async (options: {
  production: boolean;
}): Promise<InstalledDependencies> => {
  const startedAt = performance.now();
  const argv = [process.execPath, "install", "--frozen-lockfile"];
  if (options.production) argv.push("--production");
  const child = Bun.spawn(argv, {
    cwd: PROJECT_DIRECTORY,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    timeout: 600_000,
  });
  const [stdout, stderr, exitCode] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  if (exitCode !== 0) {
    const lastWords = `${stdout}\n${stderr}`.trim().slice(-2_000);
    throw new CommandFailure(
      "dependencies",
      `installing the project's packages failed (exit code ${exitCode}). Check that ${PROJECT_DIRECTORY} is ` +
        `writable and that the package registry can be reached, then run the command again.\n${lastWords}`,
    );
  }
  return { durationMs: performance.now() - startedAt, isChanged: /packages? installed/.test(stdout) };
};
