/** The agent and its server: what is told, how often, and what a silent server means. */
import { afterAll, beforeAll, expect, test } from "bun:test";

import { SandboxStatus, TimeoutAction, TimeoutKind } from "../../proto/gen/wrenn/host/v1/host_pb.ts";
import { TestAgent } from "../support/agent.ts";
import { accessTokenOf, createSandbox } from "../support/sandboxes.ts";
import { waitFor } from "../support/wait-for.ts";

interface Beat {
  path: string;
  authorization: string | null;
  body: {
    changes?: { seq: number; sandbox_id: string; status: string; reason: string; memory_kept: boolean }[];
    running?: number;
    refresh_token?: string;
    templates?: { team_id: string; template_id: string }[];
  };
}

/** Stands in for the server's two routes; what it answers is the test's to change. */
const beats: Beat[] = [];
let answer: (beat: Beat) => Response = () => Response.json({ acknowledged_seq: null, server_time: "" });
const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch: async (request) => {
    const beat: Beat = {
      path: new URL(request.url).pathname,
      authorization: request.headers.get("authorization"),
      body: (await request.json()) as Beat["body"],
    };
    beats.push(beat);
    return answer(beat);
  },
});

let agent: TestAgent;
beforeAll(async () => {
  agent = await TestAgent.start({
    serverUrl: `http://127.0.0.1:${server.port}`,
    env: { WRENN_HEARTBEAT_MS: "300" },
  });
}, 900_000);
afterAll(async () => {
  await agent[Symbol.asyncDispose]();
  await server.stop(true);
}, 60_000);

const acknowledgeAll = (beat: Beat) =>
  Response.json({
    ...(beat.path.endsWith("/refresh") && { token: "renewed", refresh_token: "renewed" }),
    acknowledged_seq: beat.body.changes?.at(-1)?.seq ?? null,
    server_time: "",
  });

const statusOf = async (sandboxId: string) =>
  (await agent.host.listSandboxes({})).sandboxes.find((sandbox) => sandbox.sandboxId === sandboxId)?.status;

test("it beats at intervals, with what it holds", async () => {
  answer = acknowledgeAll;
  const before = beats.length;
  await waitFor("three beats", () => beats.length >= before + 3, 10_000);
  const last = beats.at(-1);
  expect(last?.path).toMatch(/^\/v1\/hosts\/host-[0-9a-f-]{36}\/heartbeat$/);
  expect(last?.body.templates).toHaveLength(1);
});

test("a change of its own is told at once, until it is acknowledged, also after a restart", async () => {
  answer = () => Response.json({ acknowledged_seq: null, server_time: "" });
  const timeout = { kind: TimeoutKind.DEADLINE, timeoutSec: 1, action: TimeoutAction.PAUSE };
  const id = await createSandbox(agent, { timeout });
  const changesOf = (beat: Beat | undefined) =>
    beat?.body.changes?.filter(({ sandbox_id }) => sandbox_id === id);
  await waitFor("the change", () => changesOf(beats.at(-1))?.length === 1, 10_000);
  const told = changesOf(beats.at(-1))?.[0];
  expect(told).toMatchObject({ status: "paused", reason: "timeout", memory_kept: true });
  await agent.crash();
  beats.length = 0;
  await agent.launch();
  await waitFor("a beat", () => beats.length > 0, 10_000);
  expect(changesOf(beats.at(-1))).toEqual([told as NonNullable<typeof told>]);
  answer = acknowledgeAll;
  await waitFor("silence about it", () => changesOf(beats.at(-1))?.length === 0, 10_000);
  await agent.host.destroySandbox({ sandboxId: id });
}, 60_000);

test("refused credentials are refreshed", async () => {
  answer = (beat) => {
    if (beat.path.endsWith("/refresh")) return Response.json({ token: "fresh", refresh_token: "next" });
    return beat.authorization === "Bearer fresh" ? acknowledgeAll(beat) : new Response(null, { status: 401 });
  };
  beats.length = 0;
  await waitFor("the fresh token", () => beats.at(-1)?.authorization === "Bearer fresh", 10_000);
  expect(beats.filter(({ path }) => path.endsWith("/refresh")).map(({ body }) => body.refresh_token)).toEqual(
    ["none"],
  );
});

test("a rejected refresh makes everything pause at once and once; accepted again, the host is back", async () => {
  answer = acknowledgeAll;
  const id = await createSandbox(agent);
  const pauses = () => agent.logs.filter(({ event }) => event === "pausing_all");
  const before = pauses().length;
  answer = () => new Response(null, { status: 401 });
  await waitFor("the pause", async () => (await statusOf(id)) === SandboxStatus.PAUSED, 15_000);
  const seen = beats.length;
  await waitFor("more attempts", () => beats.length > seen + 6, 10_000);
  expect(pauses().slice(before)).toMatchObject([{ reason: "host_rejected" }]);
  // As a server does that came back and was gone again before the next beat.
  await agent.host.resumeSandbox({ sandboxId: id, accessToken: accessTokenOf(id) });
  await waitFor("the second pause", async () => (await statusOf(id)) === SandboxStatus.PAUSED, 15_000);
  expect(pauses().length - before).toBe(2);
  answer = acknowledgeAll;
  const isBack = () => agent.logs.findLast(({ event }) => event === "heartbeat_back") !== undefined;
  await waitFor("the host to be back", isBack, 10_000);
  const told = () => beats.findLast(({ body }) => body.changes?.some(({ sandbox_id }) => sandbox_id === id));
  await waitFor("the change", () => told() !== undefined, 10_000);
  await agent.host.destroySandbox({ sandboxId: id });
}, 60_000);

test("a server that stays away makes everything pause, once, and nothing more", async () => {
  answer = acknowledgeAll;
  const id = await createSandbox(agent);
  answer = () => new Response(null, { status: 503 });
  await waitFor("the pause", async () => (await statusOf(id)) === SandboxStatus.PAUSED, 15_000);
  answer = acknowledgeAll;
  const told = () => beats.findLast(({ body }) => body.changes?.some(({ sandbox_id }) => sandbox_id === id));
  await waitFor("the change", () => told() !== undefined, 10_000);
  expect(told()?.body.changes?.find(({ sandbox_id }) => sandbox_id === id)?.reason).toBe("server_lost");
  await agent.host.destroySandbox({ sandboxId: id });
}, 60_000);

test.each([403, 404, 410])(
  "an answer of %d destroys nothing",
  async (status) => {
    answer = acknowledgeAll;
    const id = await createSandbox(agent);
    answer = () => Response.json({ error: { code: "gone", message: "host deleted" } }, { status });
    const before = beats.length;
    await waitFor("beats", () => beats.length > before + 5, 15_000);
    await waitFor(
      "the sandbox to be at rest",
      async () => {
        const found = await statusOf(id);
        return found === SandboxStatus.RUNNING || found === SandboxStatus.PAUSED;
      },
      10_000,
    );
    answer = acknowledgeAll;
    await agent.host.destroySandbox({ sandboxId: id });
  },
  60_000,
);
