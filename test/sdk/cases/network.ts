/** What a sandbox reaches of the world outside, and how that is changed. */
import assert from "node:assert/strict";

import { type Case, inFull } from "../program/case.ts";
import type { Site } from "../program/protocol.ts";
import type { Sandbox } from "../program/sdk.ts";
import type { World } from "../program/world.ts";

/** Who answers, or nothing. */
const ask = async ({ commands }: Sandbox, host: string): Promise<string> =>
  (await commands.run(`curl -s -m 5 http://${host}/ || true`)).stdout.split(/[ :]/)[0] ?? "";

/** Which of the sites answer by their address. */
const reached = async (sandbox: Sandbox, { settings }: World): Promise<Site[]> => {
  const found: Site[] = [];
  for (const site of settings.sites) {
    if ((await ask(sandbox, site.address)) === site.name) found.push(site);
  }
  return found;
};

export const NETWORK: Case[] = [
  inFull("network: open, closed, and opened again while it runs", async (sdk, world) => {
    const { sites } = world.settings;
    const sandbox = await world.create();
    assert.deepEqual(await reached(sandbox, world), sites);
    await sandbox.updateNetwork({ denyOut: [sdk.ALL_TRAFFIC] });
    assert.deepEqual(await reached(sandbox, world), []);
    await sandbox.updateNetwork({ denyOut: ({ allTraffic }) => [allTraffic], allowOut: [sites[1].address] });
    assert.deepEqual(await reached(sandbox, world), [sites[1]]);
    await sdk.Sandbox.updateNetwork(sandbox.sandboxId, {});
    assert.deepEqual(await reached(sandbox, world), sites);
  }),

  inFull("network: without internet from the start", async (_sdk, world) => {
    const sandbox = await world.create({ allowInternetAccess: false });
    assert.deepEqual(await reached(sandbox, world), []);
    assert.equal((await sandbox.getInfo()).allowInternetAccess, false);
    await sandbox.updateNetwork({ allowInternetAccess: true });
    assert.deepEqual(await reached(sandbox, world), world.settings.sites);
    await sandbox.updateNetwork({ allowInternetAccess: false });
    assert.deepEqual(await reached(sandbox, world), []);
  }),

  inFull("network: rules from the start, and told", async (_sdk, world) => {
    const [first, second] = world.settings.sites;
    const network = { denyOut: [`${first.address}/32`], allowPublicTraffic: true };
    const sandbox = await world.create({ network });
    assert.deepEqual(await reached(sandbox, world), [second]);
    const info = await sandbox.getInfo();
    assert.deepEqual(info.network?.denyOut, [`${first.address}/32`]);
  }),

  inFull("network: a host by its name, and nothing else", async (sdk, world) => {
    const [first, second] = world.settings.sites;
    const network = { allowOut: [first.host], denyOut: [sdk.ALL_TRAFFIC] };
    const sandbox = await world.create({ network });
    assert.equal(await ask(sandbox, first.host), first.name);
    assert.notEqual(await ask(sandbox, second.host), second.name);
    assert.deepEqual(await reached(sandbox, world), []);
    assert.deepEqual((await sandbox.getInfo()).network?.allowOut, [first.host]);
    await sandbox.updateNetwork({ allowOut: [second.host], denyOut: [sdk.ALL_TRAFFIC] });
    assert.equal(await ask(sandbox, second.host), second.name);
    assert.notEqual(await ask(sandbox, first.host), first.name);
  }),
];
