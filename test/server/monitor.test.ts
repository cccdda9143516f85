/** Hosts that fall silent, one or all: marked lost, held, and back again. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";

import { SandboxStatus as HostSays } from "../../proto/gen/wrenn/host/v1/host_pb.ts";
import { parseHostId, parseSandboxId } from "../../proto/ids.ts";
import { insertSandboxRows, newSandboxId } from "../support/sandbox-rows.ts";
import { type AnyBody, call, signUp, startTestServer } from "../support/server.ts";
import type { TestPerson, TestServer } from "../support/server.ts";
import { StandInHost } from "../support/stand-in-host.ts";
import { waitFor } from "../support/wait-for.ts";

setDefaultTimeout(60_000);

/** Many beats: a busy machine delays some. */
const STALE_MS = 4_000;
const BEAT_MS = 250;

interface MonitorBody extends AnyBody {
  leader: { name: string; last_round_ms: number } | null;
  hold: { hosts: { id: string }[]; since: string; ends_at: string } | null;
  last_hold: { end: string } | null;
}

let server: TestServer;
let admin: TestPerson;
let hosts: StandInHost[] = [];

const open = async (count: number): Promise<void> => {
  server = await startTestServer({ WRENN_MONITOR_MS: "50", WRENN_STALE_MS: String(STALE_MS) });
  admin = await signUp(server.url);
  hosts = await Promise.all(Array.from({ length: count }, () => StandInHost.join(server.url, admin.token)));
  for (const host of hosts) host.keepBeating(BEAT_MS);
};
const close = async (): Promise<void> => {
  await Promise.all(hosts.map((host) => host.stop()));
  await server.stop();
};

const hostAt = (index: number): StandInHost => {
  const host = hosts[index];
  if (!host) throw new Error(`there is no host ${index}`);
  return host;
};

const statusOf = async ({ id }: StandInHost): Promise<string> => {
  const [row] = await server.database.sql`select status from hosts where id = ${parseHostId(id)}`;
  return String(row?.status);
};
const sandboxStatus = async (id: string): Promise<string> => {
  const [row] = await server.database.sql`select status from sandboxes where id = ${parseSandboxId(id)}`;
  return String(row?.status);
};
const trail = async (id: string): Promise<unknown[]> => {
  const rows = await server.database.sql`
    select action, status, scope, actor_type, metadata from audit_logs where resource_id = ${id} order by seq`;
  return rows.map(({ action, status, scope, actor_type, metadata }) => {
    return [action, status, scope, actor_type, metadata.reason ?? null];
  });
};
const monitor = async () =>
  (await call<MonitorBody>(server.url, "/v1/admin/monitor", { token: admin.token })).body;
const release = () =>
  call<MonitorBody>(server.url, "/v1/admin/monitor/release", { token: admin.token, body: {} });
const metric = async (name: string): Promise<number> => {
  const { body } = await call(server.url, "/metrics");
  return Number(new RegExp(`^wrenn_${name} (\\S+)$`, "m").exec(String(body["text"]))?.[1]);
};

/** At once, however busy the machine is, and as if for the whole stale time. */
const silence = async (silent: StandInHost[]): Promise<void> => {
  await Promise.all(silent.map((host) => host.fallSilent()));
  await server.database.sql`
    update hosts set last_heartbeat_at = now() - ${`${STALE_MS} milliseconds`}::interval
    where id = any(${silent.map(({ id }) => parseHostId(id) ?? "")})`;
};

/** So that hosts that are made silent for longer have beaten since. */
const forgetHolds = () => server.database.ownerSql`delete from monitor_holds where ended_at is not null`;

const untilMarked = (host: StandInHost) =>
  waitFor("it is marked", async () => (await statusOf(host)) === "unreachable", STALE_MS * 4);
const untilHeld = () =>
  waitFor("the monitor holds", async () => (await monitor()).hold !== null, STALE_MS * 4);

describe("one of three hosts falls silent", () => {
  beforeAll(() => open(3));
  afterAll(close);

  test("it and what ran on it are marked together, and all return with it", async () => {
    const host = hostAt(0);
    const of = { teamId: admin.teamId, hostId: host.id };
    const live = ["pending", "running", "pausing", "resuming"] as const;
    const rest = ["paused", "stopped", "error"] as const;
    const made: Record<string, string> = {};
    for (const status of [...live, ...rest]) {
      const id = newSandboxId();
      made[status] = id;
      const isThere = status !== "stopped" && status !== "error";
      // What the database does not know is quarantined at once.
      if (isThere) host.set(id, { status: HostSays.BUSY });
      await insertSandboxRows(server.database.sql, { ...of, ids: [id], status });
      if (status === "paused") host.set(id, { status: HostSays.PAUSED, memoryKept: true });
      else if (isThere) host.set(id, { status: HostSays.RUNNING });
    }
    await silence([host]);
    await untilMarked(host);
    for (const status of live)
      expect([status, await sandboxStatus(made[status] ?? "")]).toEqual([status, "missing"]);
    for (const status of rest) expect(await sandboxStatus(made[status] ?? "")).toBe(status);
    expect((await trail(host.id)).at(-1)).toEqual(["marked_down", "error", "team", "system", "no_heartbeat"]);
    expect(await trail(made["running"] ?? "")).toEqual([
      ["missing", "error", "team", "system", "no_heartbeat"],
    ]);
    const [marks] = await server.database.sql`
      select count(distinct xmin)::int as transactions from (
        select xmin::text from audit_logs where action in ('missing', 'marked_down')
      ) marks`;
    expect(marks?.["transactions"]).toBe(1);
    const seen = await call(server.url, `/v1/hosts/${host.id}`, { token: admin.token });
    expect(seen.body).toMatchObject({
      status: "unreachable",
      status_reason: "no heartbeat for 4 s",
      sandboxes: { running: 0, paused: 1, missing: 4 },
    });
    expect((await monitor()).hold).toBeNull();

    // As an agent does that misses its server: it pauses what runs.
    for (const status of ["running", "pausing"]) {
      host.set(made[status] ?? "", { status: HostSays.PAUSED, reason: "server_lost", memoryKept: true });
    }
    host.keepBeating(BEAT_MS);
    await waitFor("its sandboxes are back", async () => {
      const now = await Promise.all(live.map((status) => sandboxStatus(made[status] ?? "")));
      return now.join() === "running,paused,paused,running";
    });
    expect((await trail(host.id)).at(-1)).toEqual(["marked_up", "success", "team", "system", null]);
    expect(await trail(made["running"] ?? "")).toEqual([
      ["missing", "error", "team", "system", "no_heartbeat"],
      ["pause", "info", "team", "system", "server_lost"],
    ]);
    expect((await trail(made["pending"] ?? "")).at(-1)).toEqual([
      "returned",
      "success",
      "team",
      "system",
      null,
    ]);
    const back = await call(server.url, `/v1/hosts/${host.id}`, { token: admin.token });
    expect(back.body).toMatchObject({ status: "online", status_reason: "", reachable: true });
  });

  test("a deleted one is not marked", async () => {
    const host = hostAt(1);
    await host.fallSilent();
    await call(server.url, `/v1/hosts/${host.id}`, { token: admin.token, method: "DELETE" });
    await silence([host, hostAt(2)]);
    await untilMarked(hostAt(2));
    expect((await trail(host.id)).map((row) => [row].flat()[0])).toEqual(["create", "delete"]);
  });
});

describe("all hosts fall silent at once", () => {
  beforeAll(() => open(4));
  afterAll(close);
  const online = async () => (await Promise.all(hosts.map(statusOf))).filter((status) => status === "online");
  const markedDown = async () => {
    const [row] = await server.database.sql`
      select count(*)::int as count from audit_logs where action in ('marked_down', 'missing')`;
    return Number(row?.["count"]);
  };

  test("nothing is marked; admins see it; the first beat ends it", async () => {
    const id = newSandboxId();
    hostAt(0).set(id, { status: HostSays.BUSY });
    await insertSandboxRows(server.database.sql, {
      ids: [id],
      teamId: admin.teamId,
      hostId: hostAt(0).id,
      status: "running",
    });
    hostAt(0).set(id, { status: HostSays.RUNNING });
    await silence(hosts);
    await untilHeld();
    const { hold } = await monitor();
    expect(hold?.hosts.map((host) => host.id).toSorted()).toEqual(hosts.map((host) => host.id).toSorted());
    expect(Date.parse(hold?.ends_at ?? "") - Date.parse(hold?.since ?? "")).toBe(STALE_MS * 10);
    await waitFor("it is in the metrics", async () => (await metric("monitor_holds")) === 1);
    expect(server.logs.some(({ message }) => String(message).includes("fell silent at once"))).toBe(true);
    await waitFor(
      "time enough to mark them has passed",
      async () => Date.now() - Date.parse(hold?.since ?? "") > STALE_MS,
      STALE_MS * 2,
    );
    expect(await online()).toHaveLength(4);
    expect(await sandboxStatus(id)).toBe("running");

    hostAt(0).keepBeating(BEAT_MS);
    await waitFor("the hold is over", async () => (await monitor()).hold === null);
    expect((await monitor()).last_hold?.end).toBe("beat");
    const endedAtMs = Date.now();
    for (const host of hosts.slice(1, 3)) host.keepBeating(BEAT_MS);
    await untilMarked(hostAt(3));
    // The stale time counts anew for the others.
    expect(Date.now() - endedAtMs).toBeGreaterThan(STALE_MS * 0.8);
    expect(await online()).toHaveLength(3);
    expect(await metric("monitor_holds")).toBe(0);
    hostAt(3).keepBeating(BEAT_MS);
    await waitFor("all are back", async () => (await online()).length === 4);
  });

  test("an admin ends it, and then they are marked", async () => {
    const early = await release();
    expect([early.status, early.body.error?.code]).toEqual([409, "not_holding"]);
    const before = await markedDown();
    await forgetHolds();
    await silence(hosts);
    await untilHeld();
    expect(await markedDown()).toBe(before);
    const released = await release();
    expect(released.status).toBe(200);
    expect(released.body).toMatchObject({ hold: null, last_hold: { end: "released" } });
    const [row] = await server.database.sql`
      select released_by from monitor_holds where end_reason = 'released'`;
    expect(`usr-${row?.["released_by"]}`).toBe(admin.userId);
    for (const host of hosts) await untilMarked(host);
    expect((await monitor()).hold).toBeNull();
    for (const host of hosts) host.keepBeating(BEAT_MS);
    await waitFor("all are back", async () => (await online()).length === 4);
  });

  test("it runs out, and then they are marked", async () => {
    await forgetHolds();
    await silence(hosts);
    await untilHeld();
    // Their last beats must stay before it: the monitor looks at any moment.
    await server.database.sql`
      update hosts set last_heartbeat_at = last_heartbeat_at - ${`${STALE_MS * 11} milliseconds`}::interval`;
    await server.database.sql`
      update monitor_holds set begun_at = begun_at - ${`${STALE_MS * 10} milliseconds`}::interval
      where ended_at is null`;
    for (const host of hosts) await untilMarked(host);
    expect(await monitor()).toMatchObject({ hold: null, last_hold: { end: "expired" } });
  });
});
