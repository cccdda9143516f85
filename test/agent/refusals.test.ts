/** Bad input and bad tokens: a clear refusal, and no trace. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readdir } from "node:fs/promises";

import { Code, ConnectError } from "@connectrpc/connect";

import { createLayout } from "../../agent/images/layout.ts";
import { HOST_ERROR_HEADER } from "../../proto/host-errors.ts";
import { newId } from "../../proto/ids.ts";
import { TestAgent } from "../support/agent.ts";
import { accessTokenOf, createSandbox, newSandboxId, TEAM } from "../support/sandboxes.ts";

let agent: TestAgent;
beforeAll(async () => {
  agent = await TestAgent.start();
}, 900_000);
afterAll(async () => {
  await agent[Symbol.asyncDispose]();
}, 60_000);

const refusal = async (call: Promise<unknown>): Promise<[Code, string | null]> => {
  try {
    await call;
  } catch (error) {
    const { code, metadata } = ConnectError.from(error);
    return [code, metadata.get(HOST_ERROR_HEADER)];
  }
  throw new Error("the call was not refused");
};

const bad: [name: string, options: Parameters<typeof createSandbox>[1], code: Code, error: string][] = [
  [
    "an unknown template",
    { template: { teamId: TEAM, templateId: newId() } },
    Code.NotFound,
    "template_not_found",
  ],
  ["no template", { template: {} }, Code.InvalidArgument, "invalid_request"],
  ["0 vcpus", { vcpus: 0 }, Code.InvalidArgument, "invalid_request"],
  ["65 vcpus", { vcpus: 65 }, Code.InvalidArgument, "invalid_request"],
  ["64 MB of memory", { memoryMb: 64 }, Code.InvalidArgument, "invalid_request"],
  ["memory above the host's", { memoryMb: 4_000_000 }, Code.InvalidArgument, "invalid_request"],
  ["a disk that does not fit", { diskSizeMb: 100_000_000 }, Code.ResourceExhausted, "disk_full"],
  ["a timeout of a year", { timeout: { timeoutSec: 31_536_000 } }, Code.InvalidArgument, "invalid_request"],
  ["a team as sandbox id", { sandboxId: `team-${newId()}` }, Code.InvalidArgument, "invalid_request"],
  ["a path as sandbox id", { sandboxId: "sb-../../etc" }, Code.InvalidArgument, "invalid_request"],
  ["no access token", { accessToken: "" }, Code.InvalidArgument, "invalid_request"],
  [
    "a policy that is no range",
    {
      network: {
        $typeName: "wrenn.host.v1.NetworkPolicy",
        allowInternet: true,
        allowCidrs: ["::1"],
        denyCidrs: [],
        allowDomains: [],
      },
    },
    Code.InvalidArgument,
    "invalid_request",
  ],
  [
    "a policy with an address for a domain",
    {
      network: {
        $typeName: "wrenn.host.v1.NetworkPolicy",
        allowInternet: true,
        allowCidrs: [],
        denyCidrs: [],
        allowDomains: ["203.0.113.1"],
      },
    },
    Code.InvalidArgument,
    "invalid_request",
  ],
];

test.each(bad)("create with %s is refused", async (_name, options, code, error) => {
  expect(await refusal(createSandbox(agent, options))).toEqual([code, error]);
  expect((await agent.host.listSandboxes({})).sandboxes).toEqual([]);
  expect(await readdir(createLayout(agent.directory).sandboxes)).toEqual([]);
});

test("an id that is taken is refused, the first sandbox stays", async () => {
  const id = await createSandbox(agent);
  expect(await refusal(createSandbox(agent, { sandboxId: id }))).toEqual([
    Code.AlreadyExists,
    "sandbox_exists",
  ]);
  expect((await agent.host.listSandboxes({})).sandboxes.map(({ sandboxId }) => sandboxId)).toEqual([id]);
  expect(await refusal(agent.host.resumeSandbox({ sandboxId: id, accessToken: accessTokenOf(id) }))).toEqual([
    Code.FailedPrecondition,
    "invalid_state",
  ]);
  await agent.host.destroySandbox({ sandboxId: id });
}, 60_000);

test("what is not here is not found, except to destroy it", async () => {
  const sandboxId = newSandboxId();
  const expected: [Code, string] = [Code.NotFound, "sandbox_not_found"];
  expect(await refusal(agent.host.pauseSandbox({ sandboxId, keepMemory: true }))).toEqual(expected);
  expect(await refusal(agent.host.resumeSandbox({ sandboxId }))).toEqual(expected);
  expect(await refusal(agent.host.pingSandbox({ sandboxId }))).toEqual(expected);
  expect(await refusal(agent.host.getSandboxLogs({ sandboxId }))).toEqual(expected);
  await agent.host.destroySandbox({ sandboxId });
});

test("a draining host takes nothing new", async () => {
  await agent.host.drain({});
  expect(await refusal(createSandbox(agent))).toEqual([Code.ResourceExhausted, "draining"]);
  await agent.host.undrain({});
  await agent.host.destroySandbox({ sandboxId: await createSandbox(agent) });
}, 60_000);

test("calls need a fresh token of the host's own server, for this host", async () => {
  const stranger = await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"]);
  const { SignJWT } = await import("jose");
  const nowSec = Math.floor(Date.now() / 1_000);
  const tokens = [
    "Bearer nonsense",
    `Basic ${btoa("a:b")}`,
    `Bearer ${await agent.token({ hostId: newId() })}`,
    `Bearer ${await agent.token({ lifetimeSec: 3_600 })}`,
    `Bearer ${await agent.token({ issuedSec: nowSec - 600 })}`,
    `Bearer ${await new SignJWT({})
      .setProtectedHeader({ alg: "EdDSA" })
      .setAudience(agent.identity.hostId)
      .setIssuedAt(nowSec)
      .setExpirationTime(nowSec + 60)
      .sign(stranger.privateKey)}`,
  ];
  for (const authorization of tokens) {
    const headers = { authorization };
    expect((await refusal(agent.host.getHostStatus({}, { headers })))[0]).toBe(Code.Unauthenticated);
    const traffic = await fetch(`${agent.url}/traffic/${newSandboxId()}/80/`, {
      headers: { "wrenn-authorization": authorization },
    });
    expect(traffic.status).toBe(401);
  }
  expect((await fetch(`${agent.url}/traffic/${newSandboxId()}/80/`)).status).toBe(401);
});

test("a body that is too large or no message is refused before anything is done", async () => {
  const url = `${agent.url}/wrenn.host.v1.HostService/CreateSandbox`;
  const headers = { authorization: `Bearer ${await agent.token()}`, "content-type": "application/proto" };
  const large = await fetch(url, { method: "POST", headers, body: new Uint8Array(20 << 20) });
  expect(large.status).toBeGreaterThanOrEqual(400);
  const garbage = await fetch(url, { method: "POST", headers, body: new Uint8Array([255, 255, 255, 1]) });
  expect(garbage.status).toBeGreaterThanOrEqual(400);
  expect((await agent.host.listSandboxes({})).sandboxes).toEqual([]);
});
