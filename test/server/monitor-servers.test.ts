/** Several servers on one database: one looks after the hosts at a time, and what it knows outlives it. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";

import { SandboxStatus as HostSays } from "../../proto/gen/wrenn/host/v1/host_pb.ts";
import { parseHostId } from "../../proto/ids.ts";
import { createTestDatabase } from "../support/database.ts";
import type { TestDatabase } from "../support/database.ts";
import { insertSandboxRows, newSandboxId } from "../support/sandbox-rows.ts";
import { ServerProcess } from "../support/server-process.ts";
import { type AnyBody, call, signUp } from "../support/server.ts";
import type { TestPerson } from "../support/server.ts";
import { StandInHost } from "../support/stand-in-host.ts";
import { waitFor } from "../support/wait-for.ts";

setDefaultTimeout(120_000);

const MONITOR_MS = 150;
/** As 20 s are to the 15 s between two rounds. */
const TAKEOVER_MS = 20 * (MONITOR_MS / 15);
/** A session that is silent for so long is ended, however short the rounds are. */
const SHORTEST_LEASE_MS = 5_000;
/** What a machine that runs other tests may take for it besides. */
const BUSY_MS = 2_000;
/** Many beats: a busy machine delays some, and starting a server makes it busy. */
const STALE_MS = 8_000;
const BEAT_MS = 300;

interface MonitorBody extends AnyBody {
  leader: { name: string; since: string } | null;
  hold: { hosts: unknown[] } | null;
}

let database: TestDatabase;
let servers: ServerProcess[];
let admin: TestPerson;
let hosts: StandInHost[];

const env = {
  WRENN_MONITOR_MS: String(MONITOR_MS),
  WRENN_STALE_MS: String(STALE_MS),
  WRENN_HEARTBEAT_MS: String(BEAT_MS),
};
const serverAt = (index: number): ServerProcess => {
  const server = servers[index];
  if (!server) throw new Error(`there is no server ${index}`);
  return server;
};
const urlOf = (index: number): string => serverAt(index).url;

beforeAll(async () => {
  database = await createTestDatabase();
  servers = await Promise.all([
    ServerProcess.start(database.url, env),
    ServerProcess.start(database.url, env),
  ]);
  admin = await signUp(urlOf(0));
  hosts = [];
  for (const index of [0, 1, 0]) hosts.push(await StandInHost.join(urlOf(index), admin.token));
});
afterAll(async () => {
  await Promise.all(hosts.map((host) => host.stop()));
  await Promise.all(servers.map((server) => server.crash()));
  await database.drop();
});

const monitorAt = async (index: number): Promise<MonitorBody> =>
  (await call<MonitorBody>(urlOf(index), "/v1/admin/monitor", { token: admin.token })).body;
const leads = async (index: number): Promise<boolean> => {
  const { body } = await call(urlOf(index), "/metrics");
  return String(body["text"]).includes("\nwrenn_monitor_leads 1");
};
const leader = async (): Promise<number> => {
  let found = -1;
  await waitFor("a server leads", async () => {
    const answers = await Promise.all(servers.map((_, index) => leads(index)));
    found = answers.indexOf(true);
    return answers.filter(Boolean).length === 1;
  });
  return found;
};
const countAudit = async (...actions: string[]): Promise<number> => {
  const [row] =
    await database.sql`select count(*)::int as count from audit_logs where action = any(${actions})`;
  return Number(row?.["count"]);
};
const status = async (index: number): Promise<string> => {
  const [row] = await database.sql`
    select status from hosts where id = ${parseHostId(hosts[index]?.id ?? "")}`;
  return String(row?.["status"]);
};
const beat = (): void => {
  for (const host of hosts) host.keepBeating(BEAT_MS);
};
/** As a balancer in front of the servers does when one is away. */
const beatAt = (index: number): void => {
  for (const host of hosts) host.serverUrl = urlOf(index);
};
/** At once, however busy the machine is, and as if for the whole stale time. */
const silence = async (): Promise<void> => {
  await Promise.all(hosts.map((host) => host.fallSilent()));
  await database.sql`
    update hosts set last_heartbeat_at = now() - ${`${STALE_MS} milliseconds`}::interval`;
};

test("one leads, both say which", async () => {
  beat();
  const first = await leader();
  await waitFor("its round is noted", async () => (await monitorAt(first)).leader !== null);
  const [one, other] = await Promise.all([monitorAt(0), monitorAt(1)]);
  expect(one.leader?.name).toBe(other.leader?.name ?? "");
  expect(one.leader?.name).toEndWith(`/${serverAt(first).pid}`);
});

test("what a host tells both servers at once is written once", async () => {
  const [host] = hosts;
  if (!host) throw new Error("there is no host");
  const ids = Array.from({ length: 20 }, newSandboxId);
  for (const id of ids) host.set(id, { status: HostSays.BUSY });
  await insertSandboxRows(database.sql, { ids, teamId: admin.teamId, hostId: host.id, status: "running" });
  for (const id of ids) host.set(id, { status: HostSays.PAUSED, reason: "timeout", memoryKept: true });
  const changes = ids.map((sandbox_id) => ({ sandbox_id, status: "paused" as const, reason: "timeout" }));
  const both = [urlOf(0), urlOf(1), urlOf(0), urlOf(1)];
  await Promise.all(both.map((url) => host.beat(changes, url)));
  const paused = async () => {
    const [row] = await database.sql`
      select count(*)::int as count from sandboxes where status = 'paused'`;
    return row?.["count"] === ids.length;
  };
  await waitFor("all are paused", paused);
  const rows = await database.sql`
    select resource_id, count(*)::int as count from audit_logs where action = 'pause' group by resource_id`;
  expect(rows.map(({ count }) => count)).toEqual(ids.map(() => 1));
});

test("the leader is killed: another leads soon, and nobody is marked for it", async () => {
  const first = await leader();
  const other = 1 - first;
  beatAt(other);
  await serverAt(first).crash();
  const killedAtMs = performance.now();
  await waitFor("the other leads", () => leads(other));
  expect(performance.now() - killedAtMs).toBeLessThan(TAKEOVER_MS + BUSY_MS);
  await serverAt(first).launch(database.url);
  expect(await leader()).toBe(other);
  expect(await countAudit("marked_down", "missing")).toBe(0);
});

test("the leader is frozen: PostgreSQL ends its session, and it leads no more when it thaws", async () => {
  const first = await leader();
  const other = 1 - first;
  beatAt(other);
  process.kill(serverAt(first).pid, "SIGSTOP");
  try {
    await waitFor("the other leads", () => leads(other), SHORTEST_LEASE_MS + BUSY_MS);
  } finally {
    process.kill(serverAt(first).pid, "SIGCONT");
  }
  expect(await leader()).toBe(other);
});

test("the leader's session is ended: it leads no more, and one of them does again", async () => {
  await leader();
  const before = await monitorAt(0);
  await database.ownerSql`
    select pg_terminate_backend(pid) from pg_locks
    where locktype = 'advisory' and granted and database = (
      select oid from pg_database where datname = current_database())`;
  await waitFor("someone leads anew", async () => {
    const { leader: now } = await monitorAt(0);
    return now !== null && now.since !== before.leader?.since;
  });
  await leader();
  expect(await countAudit("marked_down")).toBe(0);
});

test("a hold outlives the leader that began it, and any server releases it", async () => {
  const first = await leader();
  const other = 1 - first;
  beatAt(other);
  await silence();
  await waitFor("it holds", async () => (await monitorAt(other)).hold !== null, STALE_MS * 5);
  await serverAt(first).crash();
  await waitFor("the other leads", () => leads(other));
  expect((await monitorAt(other)).hold?.hosts).toHaveLength(3);
  await serverAt(first).launch(database.url);
  expect(await countAudit("marked_down")).toBe(0);
  const released = await call(urlOf(first), "/v1/admin/monitor/release", { token: admin.token, body: {} });
  expect(released.status).toBe(200);
  await waitFor(
    "all are marked",
    async () =>
      (await Promise.all(hosts.map((_, index) => status(index)))).every((now) => now === "unreachable"),
    STALE_MS * 5,
  );
  expect(await countAudit("marked_down")).toBe(3);
  beat();
  await waitFor("all are back", async () => (await countAudit("marked_up")) === 3);
  expect(await countAudit("marked_down")).toBe(3);
});

test("all servers are away for longer than the stale time: no host is marked for it", async () => {
  const before = await countAudit("marked_down", "missing");
  const [host] = hosts;
  if (!host) throw new Error("there is no host");
  const id = newSandboxId();
  host.set(id, { status: HostSays.BUSY });
  await insertSandboxRows(database.sql, {
    ids: [id],
    teamId: admin.teamId,
    hostId: host.id,
    status: "running",
  });
  host.set(id, { status: HostSays.RUNNING });
  await Promise.all(servers.map((server) => server.crash()));
  await silence();
  // As if they had been away for long.
  await database.sql`update hosts set last_heartbeat_at = now() - interval '3 minutes'`;
  await Promise.all(servers.map((server) => server.launch(database.url)));
  const leadsSince = await leader();
  beat();
  const startedAtMs = Date.now();
  await waitFor("the grace is over", () => Date.now() - startedAtMs > STALE_MS * 1.2, STALE_MS * 3);
  expect(await leader()).toBe(leadsSince);
  expect(await countAudit("marked_down", "missing")).toBe(before);
  const sandbox = await call(urlOf(1), `/v1/sandboxes/${id}`, { token: admin.token });
  expect(sandbox.body["status"]).toBe("running");
});
