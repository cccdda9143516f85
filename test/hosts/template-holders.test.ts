/** Snapshots on several hosts, whose links are cut while one is deleted and while one is copied. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";

import { ZERO_UUID } from "../../proto/ids.ts";
import { HostLab, type LabHost } from "../support/host-lab.ts";
import { PACE, settle, SETTLE_MS, TEST_MS } from "../support/pace.ts";
import type { SandboxBody } from "../support/sandbox-api.ts";
import { readTemplates } from "../support/traces.ts";
import { waitFor } from "../support/wait-for.ts";

setDefaultTimeout(TEST_MS);

/** The copy takes many times as long as its progress takes to be seen. */
const SLOW_MBIT = 8;

let lab: HostLab;
beforeAll(async () => {
  lab = await HostLab.start({ hosts: 3 });
});
afterAll(async () => {
  await lab[Symbol.asyncDispose]();
});

const countTemplates = async ({ agent }: LabHost): Promise<number> =>
  (await readTemplates(agent.directory)).length;

const snapshot = async (host: LabHost, name: string): Promise<void> => {
  const source = await lab.createOn(host);
  await lab.api.run(source, `echo ${name} > /home/user/word`);
  const { status } = await lab.request("/v1/snapshots", { body: { sandbox_id: source, name } });
  expect(status).toBe(201);
  await lab.api.remove(source);
};

/** A sandbox of the snapshot. A create that cannot have its template yet says so and is asked again. */
const create = async (name: string): Promise<SandboxBody> => {
  const ask = () => lab.api.request("", { template: name, timeout_sec: 0 });
  let answer = await ask();
  const isMade = async (): Promise<boolean> => {
    if (answer.status !== 503) return true;
    answer = await ask();
    return false;
  };
  await waitFor("the template is there", isMade, SETTLE_MS, 200);
  expect([answer.status, answer.body.error?.message]).toEqual([201, undefined]);
  return answer.body;
};

/** The sandbox lands where none of these is: the copy comes with it. */
const spread = async (name: string, holders: LabHost[]): Promise<LabHost> => {
  for (const host of holders) await lab.drain(host);
  const made = await create(name);
  expect(await lab.api.run(made.id, "cat /home/user/word")).toBe(`${name}\n`);
  await lab.api.remove(made.id);
  for (const host of holders) await lab.drain(host, "undrain");
  const landed = lab.hosts.find(({ id }) => id === made["host_id"]);
  if (landed === undefined || holders.includes(landed)) throw new Error("it went to a drained host");
  return landed;
};

const deleteSnapshot = async (name: string): Promise<void> => {
  expect((await lab.request(`/v1/snapshots/${name}`, { method: "DELETE" })).status).toBe(204);
};

test("two holders lose it at once, the third by its return", async () => {
  const first = lab.host(1);
  await snapshot(first, "spread");
  const second = await spread("spread", [first]);
  const third = await spread("spread", [first, second]);
  for (const host of lab.hosts) expect(await countTemplates(host)).toBe(1);

  await lab.cut(third);
  await settle("it is lost", async () => (await lab.statusOf(third)) === "unreachable");
  await deleteSnapshot("spread");
  for (const host of [first, second]) {
    await settle(`${host.name} has lost it`, async () => (await countTemplates(host)) === 0);
  }
  expect(await countTemplates(third)).toBe(1);
  expect((await lab.request("/v1/templates")).body["items"]).not.toContainEqual(
    expect.objectContaining({ name: "spread" }),
  );

  await lab.mend(third);
  await settle("the third has lost it", async () => (await countTemplates(third)) === 0);
  const isForgotten = async (): Promise<boolean> => {
    const rows = await lab.database.ownerSql`
      select host_id from host_templates where template_id <> ${ZERO_UUID}`;
    return rows.length === 0;
  };
  await settle("the server knows", isForgotten);
});

test("a link is cut in the middle of a copy: nothing half is usable there, and later the copy is whole", async () => {
  const [first, second, third] = [lab.host(1), lab.host(2), lab.host(3)];
  await snapshot(first, "torn");
  for (const host of [first, second]) await lab.drain(host);
  // However fast this machine is, there is a middle.
  await lab.throttle(third, SLOW_MBIT);
  const making = create("torn");
  const progress = async (): Promise<unknown> => (await lab.request("/v1/templates/torn")).body["copying"];
  await settle("the copy is under way", async () => Number(await progress()) > 0);
  await lab.cut(third);
  await lab.throttle(third, null);
  const cutAtMs = performance.now();
  const isLong = async (): Promise<boolean> => {
    expect(await countTemplates(third)).toBe(0);
    return performance.now() - cutAtMs > PACE.cutMs;
  };
  await settle("the cut is long", isLong);

  await lab.mend(third);
  const made = await making;
  expect(made["host_id"]).toBe(third.id);
  expect(await lab.api.run(made.id, "cat /home/user/word")).toBe("torn\n");
  expect(await countTemplates(third)).toBe(1);
  await lab.api.remove(made.id);
  for (const host of [first, second]) await lab.drain(host, "undrain");
  await deleteSnapshot("torn");
});
