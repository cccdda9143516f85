/** What the suites share: system packages, the compiled agent, and a cache that holds `minimal` once. */
import { chmodSync, existsSync, mkdtempSync, readdirSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { type EmbeddedDatabase, startEmbedded } from "../../db/embedded.ts";
import { buildAgent } from "../../server/up/agent-executable.ts";
import { buildDashboard } from "../../server/up/dashboard-build.ts";
import {
  canInstallPackages,
  describePackages,
  findMissing,
  hasTool,
  HOST_PACKAGES,
  installPackages,
  type SystemPackage,
} from "../../server/up/packages.ts";
import { directoryWithMinimal, removeDirectory } from "../support/agent-directory.ts";
import { buildMinimal } from "../support/agent.ts";
import { findChromium } from "../support/browser.ts";

/** Tools of the tests alone. A test that misses one is skipped and says so. */
const TEST_PACKAGES: SystemPackage[] = [
  {
    name: "postgresql-client",
    why: "asks the database as an operator would",
    isPresent: async () => hasTool("psql"),
  },
  {
    name: "openssl",
    why: "makes certificates that no host should have",
    isPresent: async () => hasTool("openssl"),
  },
];

const CHROMIUM: SystemPackage = {
  name: "chromium",
  why: "looks at the dashboard as people do",
  isPresent: async () => findChromium() !== null,
};

/** Installs what is missing when root; else says what that is, or null. */
const provide = async (packages: SystemPackage[]): Promise<string | null> => {
  const missing = await findMissing(packages);
  if (missing.length === 0) return null;
  if (!canInstallPackages()) return `needs the packages ${missing.map(({ name }) => name).join(", ")}`;
  console.log(`installing with apt-get:\n${describePackages(missing)}`);
  await installPackages(missing, () => {});
  return null;
};

/** Installs the tests' own tools where that is allowed. */
export const provideTestTools = async (): Promise<void> => {
  await provide(TEST_PACKAGES);
};

/** Why this machine cannot look at the dashboard, or null. Chromium is installed when root. */
export const findNoBrowser = (): Promise<string | null> => provide([CHROMIUM]);

/** Why this machine cannot run sandboxes, or null. Missing packages are installed when root. */
export const findObstacle = async (): Promise<string | null> => {
  if (process.getuid?.() !== 0) return "needs root (namespaces, taps, loop devices)";
  if (!existsSync("/dev/net/tun")) return "needs /dev/net/tun";
  return provide(HOST_PACKAGES);
};

export interface Shared {
  /** For every `bun test` process. */
  environment: Record<string, string>;
  dispose(): Promise<void>;
}

/** Directories of agents in what a test made: that itself, or those of an `up` in it. The inner ones come first. */
const agentDirectories = (path: string): string[] => {
  const many = join(path, "hosts");
  const numbered = existsSync(many) ? readdirSync(many).map((name) => join(many, name)) : [];
  return [join(path, "host"), ...numbered, path].filter((directory) => existsSync(directory));
};

/** Whatever a test that was killed left on this machine: machines, networks, devices. */
const clearHosts = async (directory: string): Promise<void> => {
  for (const folder of ["hosts", "prepared"].map((name) => join(directory, name))) {
    if (!existsSync(folder)) continue;
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (!entry.isDirectory()) continue;
      for (const one of agentDirectories(join(folder, entry.name))) await removeDirectory(one);
    }
  }
};

/** Builds `minimal` where the tests look for it, so that no test waits for that. */
const prepareMinimal = async (agent: string): Promise<void> => {
  const startedAt = performance.now();
  const directory = await directoryWithMinimal("prepare", agent, (empty) => buildMinimal(empty, agent));
  await removeDirectory(directory);
  console.log(`template minimal built in ${((performance.now() - startedAt) / 1_000).toFixed(0)} s`);
};

/**
 * `WRENN_TEST_DIR` is the run's own directory, passable for unprivileged users; `WRENN_TEST_AGENT` the
 * compiled agent in it, `WRENN_TEST_WEB` the built dashboard, `WRENN_TEST_POSTGRES` the URL of a PostgreSQL for
 * all. All are gone after the run.
 */
export const prepareShared = async (options: { host: boolean; dashboard: boolean }): Promise<Shared> => {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), "wrenn-test-")));
  chmodSync(directory, 0o755);
  const environment: Record<string, string> = { WRENN_TEST_DIR: directory };
  let database: EmbeddedDatabase | null = null;
  const dispose = async (): Promise<void> => {
    await database?.stop();
    if (options.host) await clearHosts(directory);
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    database = await startEmbedded({
      directory: join(directory, "postgres"),
      database: "postgres",
      volatile: true,
    });
    environment.WRENN_TEST_POSTGRES = database.url;
    if (options.dashboard) {
      environment.WRENN_TEST_WEB = (await buildDashboard(join(directory, "web"))).directory;
    }
    if (options.host) {
      environment.WRENN_TEST_AGENT = (await buildAgent(join(directory, "bin"))).path;
      // The helpers that tests use look there, and so does this process.
      Object.assign(process.env, environment);
      await prepareMinimal(environment.WRENN_TEST_AGENT);
    }
  } catch (error) {
    await dispose();
    throw error;
  }
  return { environment, dispose };
};
