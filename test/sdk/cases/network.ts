/** What a sandbox reaches of the world outside, and how that is changed. */
import assert from "node:assert/strict";

import { type Case, inFull } from "../program/case.ts";
import type { Sandbox } from "../program/sdk.ts";
import type { World } from "../program/world.ts";

/** Which of the stand-in's two addresses answer. */
const reached = async (sandbox: Sandbox, { settings }: World): Promise<string[]> => {
  const found: string[] = [];
  for (const address of settings.internet) {
    const line = `exec 3<>/dev/tcp/${address}/${settings.internetPort} && echo hi >&3 && head -c 8 <&3`;
    const result = await sandbox.commands.run(`timeout 3 bash -c '${line}' 2>/dev/null || true`);
    if (result.stdout === "internet") found.push(address);
  }
  return found;
};

export const NETWORK: Case[] = [
  inFull("network: open, closed, and opened again while it runs", async (sdk, world) => {
    const { internet } = world.settings;
    const sandbox = await world.create();
    assert.deepEqual(await reached(sandbox, world), internet);
    await sandbox.updateNetwork({ denyOut: [sdk.ALL_TRAFFIC] });
    assert.deepEqual(await reached(sandbox, world), []);
    await sandbox.updateNetwork({ denyOut: ({ allTraffic }) => [allTraffic], allowOut: [internet[1]] });
    assert.deepEqual(await reached(sandbox, world), [internet[1]]);
    await sdk.Sandbox.updateNetwork(sandbox.sandboxId, {});
    assert.deepEqual(await reached(sandbox, world), internet);
  }),

  inFull("network: without internet from the start", async (_sdk, world) => {
    const sandbox = await world.create({ allowInternetAccess: false });
    assert.deepEqual(await reached(sandbox, world), []);
    assert.equal((await sandbox.getInfo()).allowInternetAccess, false);
    await sandbox.updateNetwork({ allowInternetAccess: true });
    assert.deepEqual(await reached(sandbox, world), world.settings.internet);
    await sandbox.updateNetwork({ allowInternetAccess: false });
    assert.deepEqual(await reached(sandbox, world), []);
  }),

  inFull("network: rules from the start, and told", async (_sdk, world) => {
    const [first, second] = world.settings.internet;
    const network = { denyOut: [`${first}/32`], allowPublicTraffic: true };
    const sandbox = await world.create({ network });
    assert.deepEqual(await reached(sandbox, world), [second]);
    const info = await sandbox.getInfo();
    assert.deepEqual(info.network?.denyOut, [`${first}/32`]);
  }),
];
