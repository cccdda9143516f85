/** Hosts whose links are cut: what ran there is missing, sleeps, and is there again when the link is. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";

import { HostLab, type LabHost } from "../support/host-lab.ts";
import { PACE, settle, TEST_MS } from "../support/pace.ts";
import { readMetric } from "../support/server.ts";
import { readJournalOf } from "../support/traces.ts";

setDefaultTimeout(TEST_MS);

let lab: HostLab;
beforeAll(async () => {
  lab = await HostLab.start({ hosts: 3 });
});
afterAll(async () => {
  await lab[Symbol.asyncDispose]();
});

/** Memory in a file only memory holds: it is gone when the sandbox was not kept as it was. */
const marked = async (host: LabHost): Promise<string> => {
  const id = await lab.createOn(host);
  await lab.api.run(id, `echo ${id} > /dev/shm/mark`);
  return id;
};

const expectMark = async (id: string): Promise<void> => {
  expect(await lab.api.run(id, "cat /dev/shm/mark")).toBe(`${id}\n`);
};

const hasStatus =
  (status: string, ...ids: string[]) =>
  async (): Promise<boolean> =>
    (await Promise.all(ids.map((id) => lab.api.read(id)))).every((sandbox) => sandbox.status === status);

/** On the host itself: nobody can ask it. */
const sleeps = (host: LabHost, id: string) => async (): Promise<boolean> => {
  const journal = await readJournalOf(host.agent.directory, id);
  return journal.state === "paused" && journal.saved !== null;
};

test("a host is cut off: what it holds is missing, sleeps there, and comes back paused", async () => {
  const host = lab.host(1);
  const running = [await marked(host), await marked(host)];
  const paused = await marked(host);
  await lab.api.pause(paused);
  const elsewhere = await marked(lab.host(2));

  await lab.cut(host);
  const cutAtMs = performance.now();
  await settle("what ran is missing", hasStatus("missing", ...running));
  expect(await lab.statusOf(host)).toBe("unreachable");
  expect(await hasStatus("paused", paused)()).toBe(true);
  expect(await hasStatus("running", elsewhere)()).toBe(true);
  for (const id of running) {
    const { status, body } = await lab.api.request(`/${id}/exec`, { cmd: "true" });
    expect([status, body.error?.code]).toEqual([503, "host_unreachable"]);
    await settle("it sleeps on its host", sleeps(host, id));
  }
  await settle("the cut is long", () => performance.now() - cutAtMs > PACE.cutMs);

  await lab.mend(host);
  await settle("all are paused", hasStatus("paused", ...running, paused));
  await lab.online(host);
  expect((await lab.story(host.id)).slice(-2)).toEqual(["marked_down", "marked_up"]);
  for (const id of running) {
    expect(await lab.story(id)).toEqual(["create", "missing", "pause"]);
    await lab.api.resume(id);
    await expectMark(id);
  }
  expect(await lab.story(paused)).toEqual(["create", "pause"]);
  await lab.api.resume(paused);
  await expectMark(paused);
  await expectMark(elsewhere);
  for (const id of [...running, paused, elsewhere]) await lab.api.remove(id);
});

/** By the metrics and by what admins are shown. */
const isHolding = (expected: boolean) => async (): Promise<boolean> => {
  const { body } = await lab.request<{ hold: object | null }>("/v1/admin/monitor");
  return (
    (await readMetric(lab.server.url, "wrenn_monitor_holds")) === Number(expected) &&
    (body.hold !== null) === expected
  );
};

test("all hosts are cut off at once: the monitor holds, and says so", async () => {
  const { hosts } = lab;
  const ids = [];
  for (const host of hosts) ids.push(await marked(host));
  const marksBefore = (await lab.stories("marked_down")).length;

  await lab.cut(...hosts);
  const cutAtMs = performance.now();
  await settle("the monitor holds", isHolding(true));
  await settle("the cut is long", () => performance.now() - cutAtMs > PACE.cutMs);
  expect(await hasStatus("running", ...ids)()).toBe(true);
  for (const host of hosts) expect(await lab.statusOf(host)).toBe("online");
  expect(await isHolding(true)()).toBe(true);

  await lab.mend(...hosts);
  await settle("all are paused", hasStatus("paused", ...ids));
  await settle("it holds no more", isHolding(false));
  expect((await lab.stories("marked_down")).length).toBe(marksBefore);
  for (const id of ids) {
    expect(await lab.story(id)).toEqual(["create", "pause"]);
    await lab.api.resume(id);
    await expectMark(id);
    await lab.api.remove(id);
  }
});

test("a host gets another address: the server follows, and what runs there goes on", async () => {
  const host = lab.host(3);
  const id = await marked(host);
  const address = await lab.readdress(host);
  const isKnown = async (): Promise<boolean> => {
    const { body } = await lab.request(`/v1/hosts/${host.id}`);
    return body["address"] === `https://${address}:7070` && body["reachable"] === true;
  };
  await settle("the server dials the new address", isKnown);
  // Until a beat on the old connection has failed, which at this pace may take longer than a stale time.
  await settle("it is not missing", hasStatus("running", id));
  await expectMark(id);
  const brief = ["missing", "returned"];
  expect((await lab.story(id)).filter((action) => !brief.includes(action))).toEqual(["create"]);
  await lab.api.remove(id);
});
