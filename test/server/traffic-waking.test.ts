/** Requests for sandboxes that do not run: which of them wake one, once, and how that is told. */
import { afterAll, beforeAll, expect, test } from "bun:test";

import { Code } from "@connectrpc/connect";

import { SandboxStatus } from "../../proto/gen/wrenn/host/v1/host_pb.ts";
import { GUEST_PORT } from "../../proto/guest-port.ts";
import { parseSandboxId } from "../../proto/ids.ts";
import { call, countBy } from "../support/server.ts";
import { refusal } from "../support/stand-in-host.ts";
import { TrafficScene } from "../support/traffic-scene.ts";
import { hexOf } from "../support/traffic.ts";
import { waitFor } from "../support/wait-for.ts";

let scene: TrafficScene;
beforeAll(async () => {
  scene = await TrafficScene.start();
});
afterAll(() => scene[Symbol.asyncDispose]());

const paused = async (body: object): Promise<string> => {
  const id = await scene.api.create(body);
  await scene.api.pause(id);
  return id;
};
const withKey = () => ({ headers: { "x-api-key": scene.api.apiKey } });
const resumes = () => scene.host.calls.filter((name) => name === "resumeSandbox").length;

const lastAudit = async (id: string) => {
  const { body } = await call<{ items: Record<string, unknown>[] }>(
    scene.url,
    `/v1/audit-logs?resource_id=${id}&action=resume`,
    { token: scene.admin.token },
  );
  return body.items;
};

test("a paused sandbox is not there, unless traffic may wake it", async () => {
  const id = await paused({});
  const before = resumes();
  const answer = await scene.ask(id, withKey());
  expect([answer.status, await answer.json()]).toEqual([
    502,
    { sandboxId: hexOf(id), message: "The sandbox was not found", code: 502 },
  ]);
  expect(resumes()).toBe(before);
});

test("many requests wake it once, and all are answered; the trail says what woke it", async () => {
  const id = await paused({ auto_resume: true });
  const before = resumes();
  const asked = Array.from({ length: 20 }, (_, index) =>
    scene.ask(id, { path: "/hash", method: "POST", body: "x".repeat(index * 1_000), ...withKey() }),
  );
  const answers = await Promise.all(asked);
  expect(countBy(answers)).toEqual({ 200: 20 });
  const digests = await Promise.all(answers.map((answer) => answer.text()));
  expect(digests[3]).toBe(new Bun.CryptoHasher("sha256").update("x".repeat(3_000)).digest("hex"));
  expect(resumes()).toBe(before + 1);
  expect((await scene.api.read(id)).status).toBe("running");
  expect(await lastAudit(id)).toMatchObject([
    { action: "resume", status: "info", actor_type: "system", metadata: { reason: "traffic" } },
  ]);
});

test("not more wait for it than can be remembered", async () => {
  const id = await paused({ auto_resume: true });
  const { promise: mayRun, resolve: letRun } = Promise.withResolvers<void>();
  scene.host.answers.resumeSandbox = async ({ sandboxId }) => {
    await mayRun;
    return { sandbox: scene.host.set(sandboxId, { status: SandboxStatus.RUNNING }) };
  };
  const statuses: number[] = [];
  const asked = Array.from({ length: 120 }, async () => {
    const answer = await scene.ask(id, withKey());
    statuses.push(answer.status);
    await answer.text();
  });
  await waitFor("the last ones to be told", () => statuses.length === 20, 20_000);
  expect(new Set(statuses)).toEqual(new Set([503]));
  letRun();
  await Promise.all(asked);
  delete scene.host.answers.resumeSandbox;
  expect(statuses.filter((status) => status === 200).length).toBe(100);
}, 60_000);

test("nobody wakes it who could not reach it", async () => {
  const id = await paused({ auto_resume: true });
  const before = resumes();
  expect((await scene.ask(id)).status).toBe(403);
  expect((await scene.ask(id, { port: GUEST_PORT })).status).toBe(502);
  const wrong = { headers: { "x-access-token": scene.trafficToken(id) } };
  expect((await scene.ask(id, { port: GUEST_PORT, ...wrong })).status).toBe(502);
  expect(resumes()).toBe(before);
  const right = { headers: { "x-access-token": scene.accessToken(id) } };
  expect((await scene.ask(id, { port: GUEST_PORT, ...right })).status).toBe(200);
  expect(resumes()).toBe(before + 1);
});

test("a request to the guest agent right after another finds what has changed in between", async () => {
  const askGuest = async (id: string) => {
    const headers = { "x-access-token": scene.accessToken(id) };
    const asked = { port: GUEST_PORT, path: "/hash", method: "POST", body: "small", headers };
    const answer = await scene.ask(id, asked);
    await answer.text();
    return answer.status;
  };
  const woken = await scene.api.create({ auto_resume: true });
  const before = resumes();
  for (let round = 0; round < 3; round++) expect(await askGuest(woken)).toBe(200);
  await scene.api.pause(woken);
  expect(await askGuest(woken)).toBe(200);
  expect(resumes()).toBe(before + 1);
  const other = await scene.api.create({});
  expect(await askGuest(other)).toBe(200);
  await scene.api.pause(other);
  expect(await askGuest(other)).toBe(502);
  await scene.api.resume(other);
  expect(await askGuest(other)).toBe(200);
  await scene.api.remove(other);
  // Its host ends it behind the answer.
  await waitFor("it is gone", async () => (await askGuest(other)) === 502);
});

test("one that is being paused is waited for, and woken then", async () => {
  const id = await scene.api.create({ auto_resume: true });
  const { promise: mayPause, resolve: letPause } = Promise.withResolvers<void>();
  scene.host.answers.pauseSandbox = async ({ sandboxId }) => {
    await mayPause;
    return { sandbox: scene.host.set(sandboxId, { status: SandboxStatus.PAUSED, memoryKept: true }) };
  };
  const pausing = scene.api.pause(id);
  await waitFor("it is pausing", async () => (await scene.api.read(id)).status === "pausing");
  const asked = scene.ask(id, withKey());
  letPause();
  expect((await asked).status).toBe(200);
  delete scene.host.answers.pauseSandbox;
  await pausing.catch(() => null);
});

test("one that its host has just paused by itself is woken although the row does not know", async () => {
  const id = await scene.api.create({ auto_resume: true });
  scene.host.set(id, { status: SandboxStatus.PAUSED, reason: "timeout", memoryKept: true });
  const asked = scene.ask(id, { path: "/hash", method: "POST", body: "again", ...withKey() });
  await scene.host.beat([{ sandbox_id: id, status: "paused", reason: "timeout", memory_kept: true }]);
  const answer = await asked;
  expect([answer.status, await answer.text()]).toEqual([
    200,
    new Bun.CryptoHasher("sha256").update("again").digest("hex"),
  ]);
});

test("a resume that the host refuses is told as what it is, and tried again with the next request", async () => {
  const id = await paused({ auto_resume: true });
  scene.host.answers.resumeSandbox = () => {
    throw refusal("memory_full", Code.ResourceExhausted);
  };
  const answer = await scene.ask(id, withKey());
  expect(answer.status).toBe(503);
  expect(await answer.json()).toMatchObject({ code: 503, message: expect.any(String) });
  delete scene.host.answers.resumeSandbox;
  expect((await scene.ask(id, withKey())).status).toBe(200);
});

test("what has ended, and what is on a host that fell silent", async () => {
  const ended = await scene.api.create({ auto_resume: true });
  await scene.api.remove(ended);
  expect((await scene.ask(ended, withKey())).status).toBe(502);
  const missing = await scene.api.create({ auto_resume: true });
  await scene.server.database
    .sql`update sandboxes set status = 'missing' where id = ${parseSandboxId(missing)}`;
  const answer = await scene.ask(missing, withKey());
  expect([answer.status, ((await answer.json()) as { message: string }).message]).toEqual([
    502,
    expect.stringContaining("host cannot be reached"),
  ]);
});
