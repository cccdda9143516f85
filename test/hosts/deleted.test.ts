/** What is deleted while a host is cut off is gone from its disk when it is back, and not before. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync } from "node:fs";

import { createLayout } from "../../agent/images/layout.ts";
import { parseSandboxId } from "../../proto/ids.ts";
import { HostLab } from "../support/host-lab.ts";
import { settle, SETTLE_MS, TEST_MS } from "../support/pace.ts";
import { readJournalOf, readNamespaces, readTraces } from "../support/traces.ts";

setDefaultTimeout(TEST_MS);

let lab: HostLab;
beforeAll(async () => {
  lab = await HostLab.start({ hosts: 2 });
});
afterAll(async () => {
  await lab[Symbol.asyncDispose]();
});

test("a host deleted while it is cut off: it learns so by its return, and only then ends its sandboxes", async () => {
  const [host, other] = [lab.host(1), lab.host(2)];
  const running = await lab.createOn(host);
  const paused = await lab.createOn(host);
  await lab.api.pause(paused);
  const elsewhere = await lab.createOn(other);
  const { directory } = host.agent;
  const ids = [running, paused].map((id) => parseSandboxId(id) ?? "").sort();

  await lab.cut(host);
  const refused = await lab.request(`/v1/hosts/${host.id}`, { method: "DELETE" });
  expect([refused.status, refused.body.error?.code]).toEqual([409, "host_has_sandboxes"]);
  expect((await lab.request(`/v1/hosts/${host.id}?force=true`, { method: "DELETE" })).status).toBe(204);
  const sleeps = async () => (await readJournalOf(directory, running)).state === "paused";
  await settle("it sleeps on its host", sleeps);
  for (const id of [running, paused]) expect((await lab.api.read(id)).status).toBe("stopped");
  expect((await readTraces(directory)).sandboxes).toEqual(ids);

  await lab.mend(host);
  await host.agent.ended(SETTLE_MS);
  expect(await readTraces(directory)).toMatchObject({ sandboxes: [], vms: [], staging: [] });
  expect(await readNamespaces(directory)).toEqual([]);
  expect(existsSync(createLayout(directory).credentialsFile)).toBe(false);
  expect(await lab.api.run(elsewhere, "echo alive")).toBe("alive\n");
  await lab.api.remove(elsewhere);
});
