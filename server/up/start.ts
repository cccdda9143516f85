/** Everything `up` does until sandboxes can be used, step by step, and its undoing. */
import { resolve } from "node:path";

import { hasUsers } from "../users/store.ts";
import { type Administrator, openAdministrator } from "./administrator.ts";
import { buildAgent } from "./agent-executable.ts";
import { type ApiClient, createApiClient } from "./api-client.ts";
import { endLeftovers } from "./children.ts";
import { buildDashboard } from "./dashboard-build.ts";
import type { DataPaths } from "./data-directory.ts";
import { type InstanceDatabase, openDatabase } from "./database.ts";
import { type FirstAdmin, prepareFirstAdmin, readFirstRun, writeFirstRun } from "./first-run.ts";
import { chooseHostCount } from "./host-count.ts";
import { startManyHosts } from "./many-hosts.ts";
import { startOneHost } from "./one-host.ts";
import {
  canInstallPackages,
  describePackages,
  explainMissing,
  findMissing,
  HOST_PACKAGES,
  installPackages,
} from "./packages.ts";
import type { Ready } from "./ready.ts";
import { planServer, waitUntilServing } from "./server-child.ts";
import type { StartOptions } from "./start-options.ts";
import type { Steps } from "./steps.ts";
import { startSupervised, type Supervised } from "./supervise.ts";

export interface Started {
  ready: Ready;
  api: ApiClient;
  /** Rejects when a part could not be kept going. */
  failed: Promise<never>;
}

const SERVER_GRACE_MS = 15_000;

const ensurePackages = (steps: Steps): Promise<void> =>
  steps.run("system packages", async (step) => {
    const missing = await findMissing(HOST_PACKAGES);
    if (missing.length === 0) return step.detail("all there");
    if (!canInstallPackages()) throw explainMissing(missing);
    steps.say(`installing with apt-get:\n${describePackages(missing)}`);
    const { downloadMs } = await installPackages(missing, (line) => step.progress(line, null));
    step.downloaded(downloadMs);
    step.detail(`installed ${missing.map(({ name }) => name).join(", ")}`);
  });

/** One that is named is served as it is: that is how the dashboard is developed. */
const provideDashboard = async ({ paths, steps }: StartOptions): Promise<string> => {
  const named = process.env.WRENN_WEB_DIR?.trim() ?? "";
  return steps.run("dashboard", async (step) => {
    const { directory, built } =
      named === "" ? await buildDashboard(paths.dashboards) : { directory: resolve(named), built: false };
    step.detail(named === "" ? (built ? "built" : "unchanged") : directory);
    return directory;
  });
};

const startDatabase = ({ paths, steps, closers }: StartOptions): Promise<InstanceDatabase> =>
  steps.run("database", async (step) => {
    const database = await openDatabase(paths.database, steps.say);
    closers.push(database.stop);
    const migrations = database.applied === 0 ? "" : `, ${database.applied} migrations applied`;
    step.detail(`${database.isEmbedded ? "embedded PostgreSQL" : "the one of DATABASE_URL"}${migrations}`);
    return database;
  });

const startServer = async (
  { paths, listen, steps, closers }: StartOptions,
  {
    database,
    ...plan
  }: { database: InstanceDatabase; firstAdmin: FirstAdmin | null; agentPath: string; webDirectory: string },
): Promise<{ url: string; server: Supervised }> =>
  steps.run("server", async (step) => {
    const { url, spec } = planServer({ listen, databaseUrl: database.url, ...plan });
    const server = await startSupervised(paths, spec, steps.say);
    closers.push(() => server.stop({ signal: "SIGTERM", graceMs: SERVER_GRACE_MS }));
    await Promise.race([waitUntilServing(url), server.failed]);
    server.keepAlive();
    step.detail(url);
    return { url, server };
  });

const issueKey = async (
  administrator: Administrator,
  { paths, firstAdmin }: { paths: DataPaths; firstAdmin: FirstAdmin | null },
): Promise<{ apiKey: string; password: string | null }> => {
  const kept = readFirstRun(paths.firstRun);
  const isUnfinished = kept !== null && kept.apiKey === null;
  const apiKey = await administrator.replaceKey(isUnfinished ? "first run" : "up");
  if (isUnfinished) await writeFirstRun(paths.firstRun, { ...kept, apiKey });
  return { apiKey, password: kept?.password ?? firstAdmin?.password ?? null };
};

/** Throws `CommandFailure` and whatever a part throws; `closers` undoes what was begun either way. */
export const startAll = async (options: StartOptions): Promise<Started> => {
  const { paths, steps, closers } = options;
  const left = await endLeftovers(paths);
  if (left.length > 0) steps.say(`ended what a killed start had left running: ${left.join(", ")}`);

  await ensurePackages(steps);
  const agentPath = await steps.run("agent executable", async (step) => {
    const { path, built } = await buildAgent(paths.executables);
    step.detail(built ? "built" : "unchanged");
    return path;
  });
  const webDirectory = await provideDashboard(options);
  const database = await startDatabase(options);
  const firstAdmin = (await hasUsers(database.sql)) ? null : await prepareFirstAdmin(paths.firstRun);
  const { url, server } = await startServer(options, { database, firstAdmin, agentPath, webDirectory });

  const administrator = await openAdministrator(database.sql);
  closers.push(administrator.end);
  const api = createApiClient(url, { token: administrator.token });
  const count = await chooseHostCount(paths, options.hosts);
  const hosts = await (count === 1
    ? startOneHost(options, { agentPath, api, serverUrl: url })
    : startManyHosts(options, { agentPath, api, serverUrl: url, count }));

  const { apiKey, password } = await issueKey(administrator, { paths, firstAdmin });
  return {
    api: createApiClient(url, { apiKey }),
    failed: Promise.race([server.failed, hosts.failed]),
    ready: {
      url,
      apiKey,
      email: administrator.email,
      password,
      databaseUrl: database.url,
      wrennDir: hosts.directory,
      hosts: hosts.many,
    },
  };
};
