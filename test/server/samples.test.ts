/** What hosts noted of their sandboxes: taken, kept at falling resolution, asked for, and forgotten. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";

import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";

import {
  type ListSamplesRequest,
  ListSamplesResponseSchema,
  type SampleRound,
  SampleRoundSchema,
  SandboxStatus as HostSays,
} from "../../proto/gen/wrenn/host/v1/host_pb.ts";
import { parseHostId, parseSandboxId, parseTeamId } from "../../proto/ids.ts";
import { createLog } from "../../server/log.ts";
import { RESOLUTIONS } from "../../server/samples/resolutions.ts";
import { rollUp } from "../../server/samples/roll-up.ts";
import { Sweeper } from "../../server/system/sweeper.ts";
import { insertSandboxRows, newSandboxId } from "../support/sandbox-rows.ts";
import { type AnyBody, call, createKey, signUp, startTestServer } from "../support/server.ts";
import type { TestPerson, TestServer } from "../support/server.ts";
import { StandInHost } from "../support/stand-in-host.ts";
import { waitFor } from "../support/wait-for.ts";

setDefaultTimeout(60_000);

let server: TestServer;
let owner: TestPerson;
let host: StandInHost;
beforeAll(async () => {
  server = await startTestServer({ WRENN_MONITOR_MS: "100" });
  owner = await signUp(server.url);
  host = await StandInHost.join(server.url, owner.token);
});
afterAll(async () => {
  await host.stop();
  await server.stop();
});

const GRID_MS = 15_000;
/** The latest time that samples are kept for. */
const latest = (): number => Math.floor(Date.now() / GRID_MS) * GRID_MS;
const MB = 2 ** 20;

const newSandbox = async (status: "running" | "paused" = "running", of = owner): Promise<string> => {
  const id = newSandboxId();
  host.set(id, { status: status === "running" ? HostSays.RUNNING : HostSays.PAUSED });
  await insertSandboxRows(server.database.sql, {
    ids: [id],
    teamId: of.teamId,
    hostId: host.id,
    status,
  });
  return id;
};

const roundAt = (atMs: number, sandboxes: { id: string; cpu?: number; memoryMb?: number }[]): SampleRound =>
  create(SampleRoundSchema, {
    round: BigInt(atMs),
    at: timestampFromMs(atMs),
    hostCpuUsedPercent: 25,
    hostFreeMemoryMb: 4_000n,
    hostFreeDiskMb: 90_000n,
    sandboxes: sandboxes.map(({ id, cpu = 10, memoryMb = 100 }) => ({
      sandboxId: id,
      cpuUsedPercent: cpu,
      cpuCount: 2,
      memoryUsedBytes: BigInt(memoryMb * MB),
      memoryTotalBytes: BigInt(512 * MB),
      memoryCacheBytes: BigInt(MB),
      diskUsedBytes: BigInt(200 * MB),
      diskTotalBytes: BigInt(5_120 * MB),
    })),
  });

/** The host answers with these rounds, as a real one does, until it is told otherwise. */
const answerWith = (rounds: SampleRound[], { clockAheadMs = 0, perAnswer = 100 } = {}): bigint[] => {
  const asked: bigint[] = [];
  host.answers.listSamples = ({ afterRound }: ListSamplesRequest) => {
    asked.push(afterRound);
    const newer = rounds.filter(({ round }) => round > afterRound);
    return create(ListSamplesResponseSchema, {
      rounds: newer.slice(0, perAnswer),
      lastRound: rounds.at(-1)?.round ?? 0n,
      now: timestampFromMs(Date.now() + clockAheadMs),
    });
  };
  return asked;
};

interface Series<Item> extends AnyBody {
  step_sec: number;
  items: (Item & { at: string })[];
}
interface Point {
  cpu_used_percent: number;
  cpu_count: number;
  memory_used_bytes: number;
}

const seriesOf = async (id: string, query = "?step=15", token = owner.token): Promise<Series<Point>> =>
  (await call<Series<Point>>(server.url, `/v1/sandboxes/${id}/metrics${query}`, { token })).body;
const countOf = async (id: string): Promise<number> => {
  const [row] = await server.database.sql<{ count: number }[]>`
    select count(*)::int as count from sandbox_metrics
    where sandbox_id = ${parseSandboxId(id)} and resolution_sec = 15`;
  return row?.count ?? 0;
};

test("what a host says of its steps and spares is in the metrics", async () => {
  host.answers.listSamples = () =>
    create(ListSamplesResponseSchema, {
      now: timestampFromMs(Date.now()),
      readySpares: 2,
      stepTimes: {
        limitsMs: [10, 50],
        steps: [{ operation: "resume", step: "devices", counts: [4n, 1n, 1n], sumMs: 123 }],
      },
    });
  const read = async (): Promise<string> => (await fetch(`${server.url}/metrics`)).text();
  const spares = `wrenn_host_ready_spares{host="${host.id}"} 2`;
  await waitFor("the leader has asked it", async () => (await read()).includes(spares));
  const series = `host="${host.id}",operation="resume",step="devices"`;
  const text = await read();
  expect(text).toContain(`wrenn_host_step_duration_seconds_bucket{${series},le="0.05"} 5\n`);
  expect(text).toContain(`wrenn_host_step_duration_seconds_bucket{${series},le="+Inf"} 6\n`);
  delete host.answers.listSamples;
});

describe("from a host", () => {
  test("what it noted is kept once, and it is asked for what is newer from then on", async () => {
    const id = await newSandbox();
    const [first, second] = [latest() - 2 * GRID_MS, latest() - GRID_MS];
    const rounds = [roundAt(first + 40, [{ id, cpu: 12.3 }])];
    const asked = answerWith(rounds);
    await waitFor("the first", async () => (await countOf(id)) === 1);
    rounds.push(roundAt(second + 40, [{ id, cpu: 99, memoryMb: 300 }]));
    await waitFor("the second", async () => (await countOf(id)) === 2);
    await waitFor("it is asked again", () => asked.at(-1) === BigInt(second + 40));
    expect(asked[0]).toBe(0n);
    const { step_sec, items } = await seriesOf(id);
    expect(step_sec).toBe(15);
    expect(items).toEqual([
      expect.objectContaining({ at: new Date(first).toISOString(), cpu_used_percent: 12.3, cpu_count: 2 }),
      expect.objectContaining({
        at: new Date(second).toISOString(),
        cpu_used_percent: 99,
        memory_used_bytes: 300 * MB,
      }),
    ]);
  });

  test("more than one answer holds is asked for at once", async () => {
    const id = await newSandbox();
    const times = [5, 4, 3, 2, 1].map((back) => latest() - back * GRID_MS);
    const late = await StandInHost.join(server.url, owner.token);
    await server.database.sql`
      update sandboxes set host_id = ${parseHostId(late.id)} where id = ${parseSandboxId(id)}`;
    answerWith(
      times.map((at) => roundAt(at, [{ id }])),
      { perAnswer: 2 },
    );
    const answer = host.answers.listSamples;
    if (answer !== undefined) late.answers.listSamples = answer;
    await waitFor("all of them", async () => (await countOf(id)) === 5);
    await late.stop();
  });

  test("its clock may be wrong", async () => {
    const id = await newSandbox();
    const aheadMs = 3 * 3_600_000 + 700;
    const at = latest() - GRID_MS;
    answerWith([roundAt(at + aheadMs, [{ id }])], { clockAheadMs: aheadMs });
    // It counts from its own clock, which was put back.
    await waitFor("it", async () => (await countOf(id)) === 1);
    expect((await seriesOf(id)).items.map((point) => point.at)).toEqual([new Date(at).toISOString()]);
  });

  test("what it says of others' sandboxes, of times that are not now, and beyond all bounds is not believed", async () => {
    const own = await newSandbox();
    const elsewhere = await newSandbox();
    const other = await StandInHost.join(server.url, owner.token);
    await server.database.sql`
      update sandboxes set host_id = ${parseHostId(other.id)} where id = ${parseSandboxId(elsewhere)}`;
    const at = latest() - GRID_MS;
    const wild = roundAt(at, [
      { id: own, cpu: Number.NaN },
      { id: elsewhere },
      { id: newSandboxId() },
      { id: "nonsense" },
    ]);
    const [sample] = wild.sandboxes;
    if (sample !== undefined) sample.memoryUsedBytes = 2n ** 64n - 1n;
    answerWith([roundAt(at - 3_600_000, [{ id: own }]), wild, roundAt(at + 3_600_000, [{ id: own }])]);
    await waitFor("the one that counts", async () => (await countOf(own)) === 1);
    expect(await countOf(elsewhere)).toBe(0);
    const { items } = await seriesOf(own);
    expect(items).toEqual([
      expect.objectContaining({ cpu_used_percent: 0, memory_used_bytes: Number.MAX_SAFE_INTEGER }),
    ]);
    await other.stop();
  });

  test("nothing at all: an agent from before this, or one that fails, harms nobody", async () => {
    delete host.answers.listSamples;
    const asked = () => host.calls.filter((name) => name === "listSandboxes").length;
    const roundsAfter = async (before: number) => waitFor("two more rounds", () => asked() > before + 2);
    // The hosts of the tests before have gone.
    await roundsAfter(asked());
    const said = server.logs.length;
    await roundsAfter(asked());
    const complaints = () =>
      server.logs.slice(said).filter(({ message }) => String(message).includes("samples"));
    expect(complaints()).toEqual([]);
    host.answers.listSamples = () => {
      throw new Error("broken");
    };
    await waitFor("it is said", () => complaints().length > 0);
    await roundsAfter(asked());
  });

  test("its own load", async () => {
    const at = latest() - GRID_MS;
    answerWith([roundAt(at + GRID_MS / 5, [])]);
    const read = () =>
      call<Series<Record<string, number>>>(server.url, `/v1/hosts/${host.id}/metrics?step=15`, {
        token: owner.token,
      });
    await waitFor("it", async () =>
      (await read()).body.items.some((item) => item.at === new Date(at).toISOString()),
    );
    const { items } = (await read()).body;
    expect(items.at(-1)).toMatchObject({
      cpu_used_percent: 25,
      free_memory_mb: 4_000,
      free_disk_mb: 90_000,
    });
  });
});

describe("of a team", () => {
  test("totals now and over time, nobody else's", async () => {
    const people = await signUp(server.url);
    const ids = [await newSandbox("running", people), await newSandbox("running", people)];
    await newSandbox("paused", people);
    const stats = async (query = "") =>
      (
        await call<AnyBody & { counts: Record<string, number>; used: Record<string, number> | null }>(
          server.url,
          `/v1/sandboxes/stats${query}`,
          { token: people.token },
        )
      ).body;
    expect(await stats()).toMatchObject({
      counts: { running: 2, paused: 1, pending: 0, missing: 0 },
      vcpus: 3,
      memory_mb: 3 * 512,
      paused_disk_mb: 5_120,
      history: null,
    });
    answerWith([
      roundAt(
        latest(),
        ids.map((id) => ({ id, cpu: 50, memoryMb: 100 })),
      ),
    ]);
    await waitFor("the samples", async () => (await countOf(ids[1] ?? "")) === 1);
    // The next time that totals are kept for.
    await waitFor("the totals", async () => (await stats()).used !== null, 40_000, 200);
    await waitFor("the use", async () => (await stats()).used?.["cpu_used"] === 2, 40_000, 200);
    const { used, history } = await stats("?step=15");
    expect(used).toEqual({ cpu_used: 2, memory_used_bytes: 200 * MB, disk_used_bytes: 400 * MB });
    const { step_sec, items } = history as Series<Record<string, number>>;
    expect(step_sec).toBe(15);
    expect(items.at(-1)).toMatchObject({
      running_sandboxes: 2,
      paused_sandboxes: 1,
      vcpus: 3,
      memory_mb: 1_536,
      cpu_used: 2,
    });
  });

  test("a series of another team's sandbox is not there, whatever the key", async () => {
    const id = await newSandbox();
    const stranger = await signUp(server.url);
    const key = await createKey(server.url, stranger, { scopes: ["read"] });
    const path = `/v1/sandboxes/${id}/metrics?step=60`;
    for (const credentials of [{ token: stranger.token }, { apiKey: key }]) {
      const answer = await call(server.url, path, credentials);
      expect([answer.status, answer.body.error?.code]).toEqual([404, "sandbox_not_found"]);
    }
    const own = await createKey(server.url, owner, { scopes: ["read"] });
    expect((await call(server.url, path, { apiKey: own })).status).toBe(200);
  });

  test.each([
    ["start=soon", "start", "date-time"],
    ["start=2026-01-02T00:00:00Z&end=2026-01-01T00:00:00Z", "start", "before_end"],
    ["step=0", "step", "minimum"],
    ["span=1", "span", "unknown_field"],
  ])("a query like %s is refused", async (query, field, rule) => {
    const id = await newSandbox();
    const answer = await call(server.url, `/v1/sandboxes/${id}/metrics?${query}`, { token: owner.token });
    expect(answer.status).toBe(400);
    expect(answer.body.error).toMatchObject({ field, rule });
  });
});

describe("kept", () => {
  /** A sample each 15 seconds from so long ago until now, its CPU the number of minutes ago. */
  const insertSamples = async (id: string, minutes: number): Promise<void> => {
    await server.database.sql`
      insert into sandbox_metrics (sandbox_id, resolution_sec, sampled_at, cpu_count, cpu_used_percent,
        memory_used_bytes, memory_total_bytes, disk_used_bytes, disk_total_bytes)
      select ${parseSandboxId(id)}, 15, at, 1, floor(extract(epoch from ${new Date(latest())}::timestamptz - at) / 60),
        1000, 2000, 3000, 4000
      from generate_series(${new Date(latest() - minutes * 60_000)}::timestamptz, ${new Date(latest())},
        interval '15 seconds') at`;
  };
  const rows = (id: string) => server.database.sql<{ resolution: number; count: number; cpu: number }[]>`
    select resolution_sec as resolution, count(*)::int as count, round(avg(cpu_used_percent))::int as cpu
    from sandbox_metrics where sandbox_id = ${parseSandboxId(id)} group by 1 order by 1`;

  test("minutes and quarters of an hour are made of finer ones, again when something comes late", async () => {
    const { sql } = server.database;
    const id = await newSandbox("paused");
    await insertSamples(id, 9);
    await rollUp(sql);
    const once = await rows(id);
    expect(once.map(({ resolution }) => resolution)).toEqual([15, 60, 900]);
    expect(once[1]?.count).toBeWithin(10, 12);
    expect(once[2]?.count).toBeWithin(1, 3);
    await rollUp(sql);
    expect(await rows(id)).toEqual(once);
    // As when a host was asked late.
    await sql`
      update sandbox_metrics set cpu_used_percent = 100
      where sandbox_id = ${parseSandboxId(id)} and resolution_sec = 15`;
    await rollUp(sql);
    expect((await rows(id)).map(({ cpu }) => cpu)).toEqual([100, 100, 100]);
  });

  test("a series takes the finest rows that reach so far back", async () => {
    const id = await newSandbox("paused");
    const { sql } = server.database;
    await insertSamples(id, 9);
    await rollUp(sql);
    const ago = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString();
    const steps = async (query: string): Promise<[number, number]> => {
      const { step_sec, items } = await seriesOf(id, query);
      return [step_sec, items.length];
    };
    expect((await steps(`?start=${ago(8)}`))[0]).toBe(15);
    expect((await steps(`?start=${ago(8)}&step=60`))[1]).toBeWithin(8, 10);
    expect((await steps(`?start=${ago(300)}`))[0]).toBe(60);
    expect((await steps(`?start=${ago(2 * 24 * 60)}`))[0]).toBe(900);
    expect((await steps(`?start=${ago(2 * 24 * 60)}`))[1]).toBeWithin(1, 3);
  });

  test("no longer than its resolution says, and as long as that", async () => {
    const { sql } = server.database;
    const sandboxId = parseSandboxId(await newSandbox("paused"));
    const hostId = parseHostId(host.id);
    const teamId = parseTeamId(owner.teamId);
    await sql`delete from host_metrics`;
    await sql`delete from team_metrics`;
    for (const { sec, keepSec } of RESOLUTIONS) {
      for (const age of [keepSec + 60, keepSec - 60]) {
        const at = new Date(Date.now() - age * 1_000);
        await sql`
          insert into sandbox_metrics (sandbox_id, resolution_sec, sampled_at, cpu_count, cpu_used_percent,
            memory_used_bytes, memory_total_bytes, disk_used_bytes, disk_total_bytes)
          values (${sandboxId}, ${sec}, ${at}, 1, 0, 0, 0, 0, 0)`;
        await sql`
          insert into host_metrics (host_id, resolution_sec, sampled_at, running_sandboxes, free_memory_mb,
            free_disk_mb) values (${hostId}, ${sec}, ${at}, 0, 0, 0)`;
        await sql`
          insert into team_metrics (team_id, resolution_sec, sampled_at, running_sandboxes, paused_sandboxes,
            vcpus, memory_mb) values (${teamId}, ${sec}, ${at}, 0, 0, 0, 0)`;
      }
    }
    await new Sweeper(
      sql,
      createLog(() => {}),
    ).sweep();
    const left = await sql`
      select 'sandbox' as what, resolution_sec from sandbox_metrics
        where sandbox_id = ${sandboxId} union all
      select 'host', resolution_sec from host_metrics where sampled_at < now() - interval '50 minutes' union all
      select 'team', resolution_sec from team_metrics where sampled_at < now() - interval '50 minutes'
      order by 1, 2`;
    const expected = ["host", "sandbox", "team"].flatMap((what) =>
      RESOLUTIONS.map(({ sec }) => ({ what, resolution_sec: sec })),
    );
    expect([...left]).toEqual(expected);
  });
});
