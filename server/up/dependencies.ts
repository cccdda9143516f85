/**
 * Installs the project's own packages from the lockfile. Runs before anything that imports one of them,
 * so this module uses only what Bun brings along.
 */
import { join } from "node:path";

import { CommandFailure } from "./failure.ts";
import { ownCommand, runInstead } from "./rerun.ts";

/** The root of the source tree. */
export const PROJECT_DIRECTORY = join(import.meta.dir, "..", "..");

export interface InstalledDependencies {
  durationMs: number;
  /** False when everything was there. */
  isChanged: boolean;
}

/** Set for the process that goes on after an installation: how long that took, in ms. */
const INSTALL_MS = "WRENN_INSTALL_MS";

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

/** How long the installation took on whose behalf this process goes on; null in any other. */
export const priorInstallMs = (): number | null => {
  const text = process.env[INSTALL_MS];
  return text === undefined ? null : Number(text);
};

/** Goes on in a new process: this one has looked for the packages before they were there. Never returns. */
export const continueAfterInstall = async ({ durationMs }: InstalledDependencies): Promise<never> =>
  process.exit(await runInstead(ownCommand(), { [INSTALL_MS]: String(Math.round(durationMs)) }));

/** Installs what is missing, and then goes on in a new process. For commands without steps of their own. */
export const requireDependencies = async (options: { production: boolean }): Promise<void> => {
  if (priorInstallMs() !== null) return;
  const installed = await installDependencies(options);
  if (installed.isChanged) await continueAfterInstall(installed);
};
