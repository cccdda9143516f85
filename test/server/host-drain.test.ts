/** Emptying a host: nothing new is put on it, it is told until it knows, and what runs goes on or is paused. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";

import { Code, ConnectError } from "@connectrpc/connect";

import { SandboxStatus as HostSays } from "../../proto/gen/wrenn/host/v1/host_pb.ts";
import { call, createKey, signUp, startTestServer } from "../support/server.ts";
import type { AnyBody, TestPerson, TestServer } from "../support/server.ts";
import { StandInHost } from "../support/stand-in-host.ts";
import { waitFor } from "../support/wait-for.ts";

setDefaultTimeout(60_000);

interface HostBody extends AnyBody {
  draining: boolean;
  sandboxes: { running: number; paused: number; missing: number };
}

let server: TestServer;
let admin: TestPerson;
let apiKey: string;
let host: StandInHost;
beforeAll(async () => {
  server = await startTestServer({ WRENN_MONITOR_MS: "50" });
  admin = await signUp(server.url);
  apiKey = await createKey(server.url, admin);
  host = await StandInHost.join(server.url, admin.token);
  await waitFor("it is reachable", async () => (await seen())["reachable"] === true);
});
afterAll(async () => {
  await host.stop();
  await server.stop();
});

const seen = async () =>
  (await call<HostBody>(server.url, `/v1/hosts/${host.id}`, { token: admin.token })).body;
const drain = (body?: object) =>
  call<HostBody>(server.url, `/v1/hosts/${host.id}/drain`, { token: admin.token, method: "POST", body });
const undrain = () =>
  call<HostBody>(server.url, `/v1/hosts/${host.id}/undrain`, { token: admin.token, method: "POST" });
const create = () =>
  call<AnyBody & { id: string }>(server.url, "/v1/sandboxes", { apiKey, body: { template: "minimal" } });
const drains = () => host.calls.filter((name) => name === "drain").length;
const trail = async () => {
  const rows = await server.database.sql`
    select action, metadata from audit_logs where resource_id = ${host.id} and action like '%drain' order by seq`;
  return rows.map(({ action, metadata }) => [action, metadata.pause ?? null]);
};

test("nothing new is put on it; what runs goes on; undrained it takes sandboxes again", async () => {
  const { id } = (await create()).body;
  const drained = await drain();
  expect(drained.status).toBe(200);
  expect(drained.body).toMatchObject({ draining: true, sandboxes: { running: 1, paused: 0, missing: 0 } });
  await waitFor("the host knows", () => host.draining);
  const refused = await create();
  expect([refused.status, refused.body.error?.code]).toEqual([503, "no_hosts_available"]);
  expect(refused.body.error?.message).toContain("draining");
  expect((await call(server.url, `/v1/sandboxes/${id}`, { apiKey })).body["status"]).toBe("running");
  // Once more changes nothing, and is no event.
  expect((await drain()).status).toBe(200);

  expect((await undrain()).body).toMatchObject({ draining: false });
  await waitFor("the host knows", () => !host.draining);
  expect((await create()).status).toBe(201);
  expect((await undrain()).status).toBe(200);
  expect(await trail()).toEqual([
    ["drain", false],
    ["undrain", null],
  ]);
});

test("a host that was not reached, or forgot, is told again", async () => {
  host.answers.drain = () => {
    throw new ConnectError("not now", Code.Unavailable);
  };
  const before = drains();
  await drain();
  await waitFor("it was tried more than once", () => drains() > before + 1);
  expect(host.draining).toBe(false);
  delete host.answers.drain;
  await waitFor("the host knows", () => host.draining);
  host.draining = false;
  await waitFor("it knows again", () => host.draining);
  await undrain();
  host.draining = true;
  await waitFor("it knows that it is not drained", () => !host.draining);
});

test("with pause, what runs is paused, however often the host must be told", async () => {
  const { id } = (await create()).body;
  await drain();
  await waitFor("the host knows", () => host.draining);
  host.answers.drain = () => {
    throw new ConnectError("not now", Code.Unavailable);
  };
  const before = drains();
  expect((await drain({ pause: true })).status).toBe(200);
  await waitFor("it was tried", () => drains() > before);
  expect(host.sandboxes.get(id)?.status).toBe(HostSays.RUNNING);
  delete host.answers.drain;
  await waitFor("it is paused", async () => {
    const { sandboxes } = await seen();
    return sandboxes.running === 0 && sandboxes.paused > 0;
  });
  const sandbox = await call(server.url, `/v1/sandboxes/${id}`, { apiKey });
  expect(sandbox.body).toMatchObject({ status: "paused", status_reason: "drain", memory_kept: true });

  // Someone resumes it: that is not undone by being told over and over.
  expect((await call(server.url, `/v1/sandboxes/${id}/resume`, { apiKey, method: "POST" })).status).toBe(200);
  const rounds = () => host.calls.filter((name) => name === "listSandboxes").length;
  const seenRounds = rounds();
  await waitFor("three more rounds", () => rounds() > seenRounds + 3);
  expect(host.sandboxes.get(id)?.status).toBe(HostSays.RUNNING);
});
