/** Everything `up` does until sandboxes can be used, step by step, and its undoing. */
import { hasUsers } from "../users/store.ts";
import { type Administrator, openAdministrator } from "./administrator.ts";
import { buildAgent } from "./agent-executable.ts";
import { type ApiClient, createApiClient } from "./api-client.ts";
import { endLeftovers } from "./children.ts";
import type { DataPaths } from "./data-directory.ts";
import { type InstanceDatabase, openDatabase } from "./database.ts";
import { type FirstAdmin, prepareFirstAdmin, readFirstRun, writeFirstRun } from "./first-run.ts";
import { checkMachine, joinAsHost } from "./host.ts";
import {
  canInstallPackages,
  describePackages,
  explainMissing,
  findMissing,
  HOST_PACKAGES,
  installPackages,
} from "./packages.ts";
import { choosePort } from "./ports.ts";
import type { Ready } from "./ready.ts";
import { readRemembered, writeRemembered } from "./remembered.ts";
import { planServer, waitUntilServing } from "./server-child.ts";
import type { Steps } from "./steps.ts";
import { startSupervised, type Supervised } from "./supervise.ts";
import { waitForMinimal, waitUntilOnline } from "./template-progress.ts";

export interface StartOptions {
  paths: DataPaths;
  /** Address and port of the server. */
  listen: string;
  steps: Steps;
  /** Every started thing registers its end here, so that an interrupted start is undone too. */
  closers: (() => Promise<void>)[];
  /** Resolves when patience is over: sandboxes are left running instead of being paused. */
  hurried: Promise<unknown>;
}

export interface Started {
  ready: Ready;
  api: ApiClient;
  /** Rejects when a part could not be kept going. */
  failed: Promise<never>;
}

const SERVER_GRACE_MS = 15_000;
/** Pausing writes the memory of every running sandbox. */
const AGENT_GRACE_MS = 180_000;

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
  { database, ...plan }: { database: InstanceDatabase; firstAdmin: FirstAdmin | null; agentPath: string },
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

const startAgent = async (
  { paths, steps, closers, hurried }: StartOptions,
  options: { agentPath: string; environment: Record<string, string>; api: ApiClient; hostId: string },
): Promise<Supervised> =>
  steps.run("agent", async (step) => {
    const { agentPath, environment, api, hostId } = options;
    const spec = { name: "agent" as const, argv: [agentPath, "run", "--pause-on-stop"], environment };
    const agent = await startSupervised(paths, spec, steps.say);
    closers.push(() => {
      void hurried.then(() => agent.stop({ signal: "SIGKILL", graceMs: 5_000 }));
      return agent.stop({ signal: "SIGTERM", graceMs: AGENT_GRACE_MS });
    });
    const accelerator = await Promise.race([waitUntilOnline(api, hostId), agent.failed]);
    step.detail(accelerator === "kvm" ? "with KVM" : "without KVM: sandboxes are emulated, CPU work is slow");
    return agent;
  });

/** The port the agent had before, when it still can. */
const chooseAgentPort = async (paths: DataPaths): Promise<number> => {
  const before = readRemembered(paths.remembered).agentPort;
  const agentPort = choosePort(before);
  if (agentPort !== before) await writeRemembered(paths.remembered, { agentPort });
  return agentPort;
};

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
  const database = await startDatabase(options);
  const firstAdmin = (await hasUsers(database.sql)) ? null : await prepareFirstAdmin(paths.firstRun);
  const { url, server } = await startServer(options, { database, firstAdmin, agentPath });

  const administrator = await openAdministrator(database.sql);
  closers.push(administrator.end);
  const api = createApiClient(url, { token: administrator.token });
  const agentPort = await chooseAgentPort(paths);
  const environment = {
    WRENN_DIR: paths.host,
    WRENN_SERVER: url,
    WRENN_AGENT_LISTEN: `127.0.0.1:${agentPort}`,
    WRENN_ADDRESS: `http://127.0.0.1:${agentPort}`,
  };
  const join = { api, agentPath, directory: paths.host, environment };
  const hostId = await steps.run("this machine as a host", async (step) => {
    await checkMachine(join);
    const joined = await joinAsHost(join);
    step.detail(joined.isNew ? "registered" : "known");
    return joined.hostId;
  });
  const agent = await startAgent(options, { agentPath, environment, api, hostId });
  await steps.run("template minimal", async (step) => {
    const wasBuilt = await Promise.race([waitForMinimal(api, hostId, step), agent.failed]);
    step.detail(wasBuilt ? "built" : "present");
  });
  agent.keepAlive();

  const { apiKey, password } = await issueKey(administrator, { paths, firstAdmin });
  return {
    api: createApiClient(url, { apiKey }),
    failed: Promise.race([server.failed, agent.failed]),
    ready: {
      url,
      apiKey,
      email: administrator.email,
      password,
      databaseUrl: database.url,
      wrennDir: paths.host,
    },
  };
};
