/** Keys and tokens: whose they are, and what they do not open. */
import assert from "node:assert/strict";

import { type Case, everywhere, inFull, newest } from "../program/case.ts";
import { LIMITED_WRITES } from "../program/protocol.ts";
import type { Sandbox, Sdk } from "../program/sdk.ts";
import type { World } from "../program/world.ts";
import { fails } from "./expect.ts";
import { unknownId } from "./sandboxes.ts";

const GUEST_PORT = 49_983;

/** What the API tells of a sandbox to who connects to it. */
const tokenOf = async ({ sandboxId }: Sandbox, world: World): Promise<string> => {
  const response = await fetch(`${world.settings.apiUrl}/sandboxes/${sandboxId}/connect`, {
    method: "POST",
    headers: { "X-API-Key": process.env["E2B_API_KEY"] ?? "", "Content-Type": "application/json" },
    body: JSON.stringify({ timeout: 60 }),
  });
  const { envdAccessToken }: { envdAccessToken: string } = await response.json();
  return envdAccessToken;
};

const killWith = (sdk: Sdk, world: World, retries?: number): Promise<boolean> =>
  // Bound to a client: the server to ask is no option of a single call.
  new sdk.E2B({ apiUrl: world.settings.limitedApiUrl, retries }).Sandbox.kill(unknownId());

export const ACCESS: Case[] = [
  everywhere("access: a key that is not one", async (sdk) => {
    const apiKey = `e2b_${"0".repeat(32)}`;
    await fails(sdk.Sandbox.create({ apiKey }), sdk.AuthenticationError);
    await fails(sdk.Sandbox.list({ apiKey }).nextItems(), sdk.AuthenticationError);
    await fails(sdk.Sandbox.getInfo(unknownId(), { apiKey }), sdk.AuthenticationError);
  }),

  inFull("access: another team's key finds nothing", async (sdk, world) => {
    const sandbox = await world.create();
    const { sandboxId } = sandbox;
    const options = { apiKey: world.settings.otherApiKey };
    assert.deepEqual(await sdk.Sandbox.list(options).nextItems(), []);
    assert.equal(await sdk.Sandbox.kill(sandboxId, options), false);
    const all: (() => Promise<unknown>)[] = [
      () => sdk.Sandbox.getInfo(sandboxId, options),
      () => sdk.Sandbox.connect(sandboxId, options),
      () => sdk.Sandbox.setTimeout(sandboxId, 10_000, options),
      () => sdk.Sandbox.pause(sandboxId, options),
      () => sdk.Sandbox.fork(sandboxId, options),
      () => sdk.Sandbox.createSnapshot(sandboxId, options),
      () => sdk.Sandbox.getMetrics(sandboxId, options),
      () => sdk.Sandbox.updateNetwork(sandboxId, {}, options),
    ];
    for (const ask of all) await fails(ask(), sdk.SandboxNotFoundError);
    assert.equal(await sandbox.isRunning(), true);
  }),

  inFull("access: another team's snapshot is not there", async (sdk, world) => {
    const { snapshotId } = await (await world.create()).createSnapshot();
    const options = { apiKey: world.settings.otherApiKey };
    assert.deepEqual(await sdk.Sandbox.listSnapshots(options).nextItems(), []);
    assert.equal(await sdk.Sandbox.deleteSnapshot(snapshotId, options), false);
    await fails(sdk.Sandbox.create(snapshotId, options), sdk.SandboxError, /^404/);
    await world.clear();
    assert.equal(await sdk.Sandbox.deleteSnapshot(snapshotId), true);
  }),

  everywhere("access: a sandbox's token opens that sandbox only", async (sdk, world) => {
    const sandbox = await world.sandbox();
    const other = await world.create();
    const [own, foreign] = [await tokenOf(sandbox, world), await tokenOf(other, world)];
    assert.notEqual(own, foreign);
    const ask = async (path: string, token: string | null, method = "POST"): Promise<number> => {
      const headers = {
        "Content-Type": "application/json",
        ...(token !== null && { "X-Access-Token": token }),
      };
      const body = method === "POST" ? "{}" : undefined;
      const { status } = await world.visit(sandbox, GUEST_PORT, path, { method, headers, body });
      return status;
    };
    const doors = ["/process.Process/List", "/filesystem.Filesystem/ListDir"] as const;
    for (const path of doors) {
      assert.equal(await ask(path, own), 200, path);
      for (const token of [null, "", foreign, `${own}x`]) assert.equal(await ask(path, token), 401, path);
    }
    const file = "/files?path=/etc/hostname";
    assert.deepEqual([await ask(file, own, "GET"), await ask(file, foreign, "GET")], [200, 401]);
    for (const token of [own, foreign, null]) assert.equal(await ask("/init", token), 404);
    const { signature } = await sdk.getSignature({
      path: "/etc/hostname",
      operation: "read",
      user: undefined,
      envdAccessToken: foreign,
    });
    assert.equal(await ask(`${file}&signature=${encodeURIComponent(signature)}`, null, "GET"), 401);
  }),

  inFull("access: too many requests are told apart", async (sdk, world) => {
    const many = Array.from({ length: LIMITED_WRITES.count * 2 }, () => killWith(sdk, world, 0));
    const outcomes = await Promise.allSettled(many);
    const refused = outcomes.flatMap((one) => (one.status === "rejected" ? [one.reason] : []));
    assert.ok(refused.length > 0, "none was refused");
    for (const error of refused) assert.ok(error instanceof sdk.RateLimitError, String(error));
  }),

  newest("access: after too many requests it goes on by itself", async (sdk, world) => {
    for (let n = 0; n <= LIMITED_WRITES.count; n += 1) assert.equal(await killWith(sdk, world), false);
  }),
];
