/** Servers that are killed, frozen and started again: no host is blamed for it, and one of them always leads. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";

import { HostLab, type LabHost } from "../support/host-lab.ts";
import { PACE, PACE_ENV, settle, TEST_MS } from "../support/pace.ts";
import { SandboxApi } from "../support/sandbox-api.ts";
import { ServerProcess } from "../support/server-process.ts";
import { readMetric } from "../support/server.ts";
import { waitFor } from "../support/wait-for.ts";

setDefaultTimeout(TEST_MS);

/** Spec: a dead leader is followed within 20 s. */
const TAKEOVER_MS = 20_000;
/** One that is only silent has its lease first. */
const SILENT_MS = 30_000;

let lab: HostLab;
beforeAll(async () => {
  lab = await HostLab.start({ hosts: 2 });
});
afterAll(async () => {
  await lab[Symbol.asyncDispose]();
});

const createOnEach = async (): Promise<string[]> => {
  const ids = [];
  for (const host of lab.hosts) ids.push(await lab.createOn(host));
  return ids;
};

/** By the database itself: any server may be away. */
const hostStatus = async ({ name }: LabHost): Promise<string> => {
  const [row] = await lab.database.ownerSql<{ status: string }[]>`
    select status from hosts where name = ${name}`;
  return row?.status ?? "";
};

const areOnline = async (): Promise<boolean> =>
  (await Promise.all(lab.hosts.map(hostStatus))).every((status) => status === "online");

test("the server is killed and comes back later: nothing is lost, and no host was marked down", async () => {
  const ids = await createOnEach();
  await lab.server.crash();
  const killedAtMs = performance.now();
  await settle("it is away", () => performance.now() - killedAtMs > PACE.outageMs);

  await lab.server.launch(lab.database.url);
  for (const id of ids) {
    const isPaused = async (): Promise<boolean> => (await lab.api.read(id)).status === "paused";
    await settle("it is paused", isPaused);
    expect(await lab.story(id)).toEqual(["create", "pause"]);
  }
  await lab.online(...lab.hosts);
  expect(await lab.stories("marked_down")).toEqual([]);
  for (const id of ids) {
    await lab.api.resume(id);
    expect(await lab.api.run(id, "echo alive")).toBe("alive\n");
    await lab.api.remove(id);
  }
});

const leads = async (server: ServerProcess): Promise<boolean> =>
  (await readMetric(server.url, "wrenn_monitor_leads")) === 1;

const expectTakeover = (server: ServerProcess, withinMs: number): Promise<void> =>
  waitFor("the other one leads", () => leads(server), withinMs);

test("two servers on one database: when the leader dies or freezes the other leads, and nothing is told twice", async () => {
  const [first, second] = [lab.server, await ServerProcess.start(lab.database.url, PACE_ENV)];
  try {
    expect([await leads(first), await leads(second)]).toEqual([true, false]);
    const host = lab.host(1);
    const id = await lab.createOn(host);
    const api = new SandboxApi(second.url, lab.api.apiKey);

    // As behind a balancer that has seen it coming: no host misses enough beats to put its sandboxes to sleep.
    await lab.steer(second);
    await first.crash();
    await expectTakeover(second, TAKEOVER_MS);
    expect(await areOnline()).toBe(true);
    expect(await api.run(id, "echo alive")).toBe("alive\n");

    await first.launch(lab.database.url);
    await lab.cut(host);
    await settle("it is lost", async () => (await hostStatus(host)) === "unreachable");
    await lab.mend(host);
    await settle("it is back", areOnline);
    await settle("it is settled", async () => /^(running|paused)$/.test((await api.read(id)).status));
    expect([await leads(first), await leads(second)]).toEqual([false, true]);

    process.kill(second.pid, "SIGSTOP");
    await lab.steer(first);
    await expectTakeover(first, SILENT_MS);
    process.kill(second.pid, "SIGCONT");
    await settle("the frozen one knows", async () => !(await leads(second)));
    expect(await leads(first)).toBe(true);
    await settle("all are online", areOnline);

    expect(await lab.stories("marked_down")).toEqual([host.id]);
    expect(await lab.stories("marked_up")).toEqual([host.id]);
    expect(await lab.stories("missing")).toEqual([id]);
    await lab.api.remove(id);
  } finally {
    await second[Symbol.asyncDispose]();
  }
});
