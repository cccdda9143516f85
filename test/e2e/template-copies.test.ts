/** A large snapshot's way through the real server from one real agent to another, and what cuts it short. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";

import { parseHostId } from "../../proto/ids.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { JoinedAgent } from "../support/joined-agent.ts";
import { watchMemory } from "../support/memory.ts";
import { SandboxApi, type SandboxBody } from "../support/sandbox-api.ts";
import { ServerProcess } from "../support/server-process.ts";
import { type Answer, type AnyBody, call, createKey, signUp, type TestPerson } from "../support/server.ts";
import { readTraces } from "../support/traces.ts";
import { waitFor } from "../support/wait-for.ts";

setDefaultTimeout(300_000);

const MIB = 2 ** 20;
const CONTENT_MB = 700;
/** A fraction of what is copied, above what each program takes by itself. 88 to 130 MB on a machine at rest. */
const GROWTH_BYTES = 256 * MIB;

let database: TestDatabase;
let server: ServerProcess;
let admin: TestPerson;
let source: JoinedAgent;
let target: JoinedAgent;
let api: SandboxApi;

beforeAll(async () => {
  database = await createTestDatabase();
  server = await ServerProcess.start(database.url);
  admin = await signUp(server.url);
  api = new SandboxApi(server.url, await createKey(server.url, admin));
  source = await JoinedAgent.join({ serverUrl: server.url, token: admin.token });
});
afterAll(async () => {
  await target?.[Symbol.asyncDispose]();
  await source[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  await database.drop();
});

const template = async (): Promise<AnyBody> =>
  (await call(server.url, "/v1/templates/large", { apiKey: api.apiKey })).body;
const copies = async (): Promise<number> => Number((await template())["hosts"]);
const isUnderWay = async (): Promise<boolean> => Number((await template())["copying"]) > 0.05;
const createLarge = () => api.request("", { template: "large", timeout_sec: 0 });
/** As a client that heeds what it is told. */
const createInTheEnd = async (): Promise<Answer<SandboxBody>> => {
  for (;;) {
    const answer = await createLarge();
    if (answer.status !== 503) return answer;
    expect(answer.body.error?.code).toBe("template_copying");
    await waitFor("the copy ends", async () => (await copies()) === 2, 240_000);
  }
};
/** Work begun aside on the target; spares come and go there by themselves. */
const staged = async (): Promise<string[]> => (await readTraces(target.directory)).staging;

/** Makes a copy as if the next create came to the target for the first time. */
const forgetOnTarget = async (): Promise<void> => {
  const sql = database.ownerSql;
  const mine = sql`host_id = ${parseHostId(target.hostId) ?? ""}
    and template_id = (select id from templates where name = 'large')`;
  await sql`update host_templates set state = 'deleting' where ${mine}`;
  const isGone = async () => (await sql`select 1 from host_templates where ${mine}`).length === 0;
  await waitFor("the copy is gone", isGone, 60_000);
};

test("a sandbox in which a process runs and 700 MB were written becomes a template", async () => {
  const sandbox = await api.create({ timeout_sec: 0 });
  for (let part = 0; part < CONTENT_MB / 100; part += 1) {
    await api.run(sandbox, `head -c 100M /dev/urandom > ~/part-${part} && sync ~/part-${part}`);
  }
  await api.run(sandbox, "cat ~/part-* | md5sum > ~/sum");
  const cmd = "n=0; while :; do n=$((n+1)); echo $n > /tmp/count; sleep 0.1; done";
  await api.ok(`/${sandbox}/exec`, { cmd, background: true });
  await waitFor("it counts", async () => Number(await api.run(sandbox, "cat /tmp/count || echo 0")) > 3);
  const made = await call(server.url, "/v1/snapshots", {
    apiKey: api.apiKey,
    body: { sandbox_id: sandbox, name: "large" },
  });
  expect(made.status).toBe(201);
  await api.remove(sandbox);

  target = await JoinedAgent.join({ serverUrl: server.url, token: admin.token });
  await database.ownerSql`update hosts set draining = true where id = ${parseHostId(source.hostId)}`;
});

test("it comes to a second host with little memory, and the process goes on there", async () => {
  const programs = Object.entries({ server, source, target });
  const watched = await Promise.all(
    programs.map(async ([name, { pid }]) => ({ name, peak: await watchMemory(pid) })),
  );
  const answer = await createInTheEnd();
  expect(answer.status).toBe(201);
  for (const { name, peak } of watched) expect(await peak(), name).toBeLessThan(GROWTH_BYTES);

  const { id } = answer.body;
  const before = Number(await api.run(id, "cat /tmp/count"));
  expect(before).toBeGreaterThan(3);
  await waitFor("the counter goes on", async () => Number(await api.run(id, "cat /tmp/count")) > before);
  await api.run(id, "cat ~/part-* | md5sum | cmp - ~/sum");
  await api.remove(id);
});

test("the server's end in the middle leaves nothing, and the next try works", async () => {
  await forgetOnTarget();
  const lost = createLarge().catch(() => null);
  await waitFor("the copy is under way", isUnderWay, 60_000);
  expect(await staged()).not.toEqual([]);
  await server.crash();
  await lost;
  await waitFor("what came is gone", async () => (await staged()).length === 0);
  await server.launch(database.url);
  const answer = await createInTheEnd();
  expect(answer.status).toBe(201);
  await api.remove(answer.body.id);
});

test("so does the target's", async () => {
  await forgetOnTarget();
  const asked = createLarge();
  await waitFor("the copy is under way", isUnderWay, 60_000);
  await target.crash();
  expect((await asked).status).toBe(503);
  await waitFor("the copy ends", async () => (await template())["copying"] === null, 60_000);
  await target.launch();
  expect([await staged(), await copies()]).toEqual([[], 1]);
  const answer = await createInTheEnd();
  expect(answer.status).toBe(201);
  await api.remove(answer.body.id);
});

test("and the source's", async () => {
  await forgetOnTarget();
  const asked = createLarge();
  await waitFor("the copy is under way", isUnderWay, 60_000);
  await source.crash();
  expect((await asked).status).toBe(503);
  await waitFor("the copy ends", async () => (await template())["copying"] === null, 60_000);
  await waitFor("what came is gone", async () => (await staged()).length === 0);
  await source.launch();
  const answer = await createInTheEnd();
  expect(answer.status).toBe(201);
  await api.remove(answer.body.id);
});
