/** `getMetrics`. */
import assert from "node:assert/strict";

import { type Case, inFull } from "../program/case.ts";
import { until } from "../program/until.ts";

export const MEASURES: Case[] = [
  inFull("measures: CPU, memory and disk", async (_sdk, world) => {
    const sandbox = await world.create();
    await until("something was measured", async () => (await sandbox.getMetrics()).length > 0, 30_000);
    const [one] = await sandbox.getMetrics();
    assert.ok(one !== undefined);
    const { cpuCount, memoryMB } = await sandbox.getInfo();
    assert.equal(one.cpuCount, cpuCount);
    assert.ok(one.cpuUsedPct >= 0 && one.cpuUsedPct <= 100 * cpuCount + 20, `${one.cpuUsedPct} %`);
    // The kernel keeps a part of the memory for itself.
    const ofMemory = one.memTotal / (memoryMB * 2 ** 20);
    assert.ok(ofMemory > 0.75 && ofMemory <= 1, `${one.memTotal} bytes of ${memoryMB} MB`);
    assert.ok(one.memUsed > 0 && one.memUsed < one.memTotal && one.memCache > 0);
    assert.ok(one.diskUsed > 0 && one.diskUsed < one.diskTotal);
    assert.ok(Math.abs(one.timestamp.getTime() - Date.now()) < 120_000);
  }),

  inFull("measures: of a span of time", async (sdk, world) => {
    const sandbox = await world.create();
    await until("something was measured", async () => (await sandbox.getMetrics()).length > 0, 30_000);
    const end = new Date(Date.now() - 3_600_000);
    assert.deepEqual(await sdk.Sandbox.getMetrics(sandbox.sandboxId, { end }), []);
    const start = new Date(Date.now() - 600_000);
    const within = await sandbox.getMetrics({ start, end: new Date(Date.now() + 60_000) });
    assert.ok(within.length > 0);
  }),
];
