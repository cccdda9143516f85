/** A snapshot on three hosts, one of them cut off while it is deleted. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";

import { createLayout } from "../../agent/images/layout.ts";
import { ZERO_UUID } from "../../proto/ids.ts";
import { HostLab, type LabHost } from "../support/host-lab.ts";
import { SETTLE_MS, TEST_MS } from "../support/pace.ts";
import type { SandboxBody } from "../support/sandbox-api.ts";
import { waitFor } from "../support/wait-for.ts";

setDefaultTimeout(TEST_MS);

const NAME = "spread";

let lab: HostLab;
beforeAll(async () => {
  lab = await HostLab.start({ hosts: 3 });
});
afterAll(async () => {
  await lab[Symbol.asyncDispose]();
});

/** On the disk itself, the built-in one apart. */
const countTemplates = async ({ agent }: LabHost): Promise<number> => {
  const { templates } = createLayout(agent.directory);
  const teams = (await readdir(templates)).filter((team) => team !== ZERO_UUID);
  return (await Promise.all(teams.map((team) => readdir(join(templates, team))))).flat().length;
};

const setDrain = async (host: LabHost, to: "drain" | "undrain"): Promise<void> => {
  const { status } = await lab.request(`/v1/hosts/${host.id}/${to}`, { body: {} });
  expect(status).toBeLessThan(300);
};

/** A sandbox of the snapshot. A create that would wait long for its template says so and is asked again. */
const create = async (): Promise<SandboxBody> => {
  let answer = await lab.api.request("", { template: NAME, timeout_sec: 0 });
  const isDecided = async (): Promise<boolean> => {
    if (answer.body.error?.code !== "template_copying") return true;
    answer = await lab.api.request("", { template: NAME, timeout_sec: 0 });
    return false;
  };
  await waitFor("the template is there", isDecided, SETTLE_MS, 200);
  expect([answer.status, answer.body.error?.message]).toEqual([201, undefined]);
  return answer.body;
};

/** The sandbox lands where none of these is: the copy comes with it. */
const spread = async (holders: LabHost[]): Promise<LabHost> => {
  for (const host of holders) await setDrain(host, "drain");
  const made = await create();
  expect(await lab.api.run(made.id, "cat /home/user/word")).toBe("kept\n");
  await lab.api.remove(made.id);
  for (const host of holders) await setDrain(host, "undrain");
  const landed = lab.hosts.find(({ id }) => id === made["host_id"]);
  if (landed === undefined || holders.includes(landed)) throw new Error("it went to a drained host");
  return landed;
};

test("two holders lose it at once, the third by its return", async () => {
  const [first] = lab.hosts;
  if (first === undefined) throw new Error("the lab has no host");
  const source = await lab.createOn(first);
  await lab.api.run(source, "echo kept > /home/user/word");
  const made = await lab.request("/v1/snapshots", { body: { sandbox_id: source, name: NAME } });
  expect(made.status).toBe(201);
  await lab.api.remove(source);
  const second = await spread([first]);
  const third = await spread([first, second]);
  for (const host of lab.hosts) expect(await countTemplates(host)).toBe(1);

  await lab.cut(third);
  await waitFor("it is lost", async () => (await lab.statusOf(third)) === "unreachable", SETTLE_MS);
  expect((await lab.request(`/v1/snapshots/${NAME}`, { method: "DELETE" })).status).toBe(204);
  for (const host of [first, second]) {
    await waitFor(`${host.name} has lost it`, async () => (await countTemplates(host)) === 0, SETTLE_MS);
  }
  expect(await countTemplates(third)).toBe(1);
  expect((await lab.request("/v1/templates")).body["items"]).not.toContainEqual(
    expect.objectContaining({ name: NAME }),
  );

  await lab.mend(third);
  await waitFor("the third has lost it", async () => (await countTemplates(third)) === 0, SETTLE_MS);
  const isForgotten = async (): Promise<boolean> => {
    const rows = await lab.database.ownerSql`
      select host_id from host_templates where template_id <> ${ZERO_UUID}`;
    return rows.length === 0;
  };
  await waitFor("the server knows", isForgotten, SETTLE_MS);
});
