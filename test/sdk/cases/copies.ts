/** Forks and snapshots. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";

import { type Case, everywhere, inFull, newest } from "../program/case.ts";
import type { Sandbox, Sdk } from "../program/sdk.ts";
import type { World } from "../program/world.ts";
import { fails } from "./expect.ts";

/** The forks, none of which may have failed. */
const keepForks = (world: World, forks: (Sandbox | Error)[]): Sandbox[] =>
  forks.map((fork) => {
    if (fork instanceof Error) throw fork;
    return world.keep(fork);
  });

const newName = (): string => `snap-${randomBytes(4).toString("hex")}`;

const snapshotIds = async (sdk: Sdk, options: Parameters<Sdk["Sandbox"]["listSnapshots"]>[0]) => {
  const ids: string[] = [];
  const pages = sdk.Sandbox.listSnapshots(options);
  while (pages.hasNext) ids.push(...(await pages.nextItems()).map(({ snapshotId }) => snapshotId));
  return ids;
};

export const COPIES: Case[] = [
  everywhere("copies: a fork goes on from where it was, by itself", async (_sdk, world) => {
    const sandbox = await world.create({ envs: { KEPT: "yes" } });
    const { endAt } = await sandbox.getInfo();
    await sandbox.files.write("common", "before");
    const { pid } = await sandbox.commands.run("sleep 300", { background: true });
    const [fork] = keepForks(world, await sandbox.fork());
    assert.ok(fork !== undefined && fork.sandboxId !== sandbox.sandboxId);
    assert.equal(await fork.files.read("common"), "before");
    assert.equal((await fork.commands.run("echo $KEPT")).stdout, "yes\n");
    assert.ok((await fork.commands.list()).some((one) => one.pid === pid));
    await fork.files.write("common", "changed");
    assert.equal(await sandbox.files.read("common"), "before");
    assert.deepEqual((await sandbox.getInfo()).endAt, endAt);
    const machine = "cat /etc/machine-id; hostname";
    const [one, other] = [await sandbox.commands.run(machine), await fork.commands.run(machine)];
    assert.notEqual(one.stdout, other.stdout);
  }),

  inFull("copies: many forks at once, with a time of their own", async (sdk, world) => {
    const sandbox = await world.create();
    const options = { count: 3, timeoutMs: 120_000 };
    const forks = keepForks(world, await sdk.Sandbox.fork(sandbox.sandboxId, options));
    assert.equal(new Set(forks.map(({ sandboxId }) => sandboxId)).size, 3);
    for (const fork of forks) {
      assert.equal((await fork.commands.run("echo here")).stdout, "here\n");
      const leftMs = (await fork.getInfo()).endAt.getTime() - Date.now();
      assert.ok(leftMs > 60_000 && leftMs <= 121_000, `${leftMs} ms left`);
    }
    assert.equal(await sandbox.isRunning(), true);
    await fails(sandbox.fork({ count: 101 }), sdk.SandboxError, /^400/);
  }),

  newest("copies: no fork at all is refused by the server", async (sdk, world) => {
    const sandbox = await world.sandbox();
    await fails(sandbox.fork({ count: 0 }), sdk.SandboxError, /^400/);
  }),

  inFull("copies: a snapshot outlives its sandbox", async (sdk, world) => {
    const sandbox = await world.create();
    await sandbox.files.write("state", "as it was");
    const snapshot = await sandbox.createSnapshot();
    assert.equal(typeof snapshot.snapshotId, "string");
    await sandbox.files.write("state", "later");
    assert.deepEqual(await snapshotIds(sdk, { sandboxId: sandbox.sandboxId }), [snapshot.snapshotId]);
    await sandbox.kill();
    const child = world.keep(await sdk.Sandbox.create(snapshot.snapshotId));
    assert.equal(await child.files.read("state"), "as it was");
    await child.kill();
    assert.equal(await sdk.Sandbox.deleteSnapshot(snapshot.snapshotId), true);
    assert.equal(await sdk.Sandbox.deleteSnapshot(snapshot.snapshotId), false);
    await fails(sdk.Sandbox.create(snapshot.snapshotId), sdk.SandboxError, /^404/);
  }),

  inFull("copies: a snapshot has processes too, and a name", async (sdk, world) => {
    const sandbox = await world.create();
    const { pid } = await sandbox.commands.run("sleep 300", { background: true });
    const name = newName();
    const snapshot = await sdk.Sandbox.createSnapshot(sandbox.sandboxId, { name });
    assert.ok(
      snapshot.names.some((one) => one.includes(name)),
      snapshot.names.join(" "),
    );
    assert.ok(
      (await sandbox.commands.list()).some((one) => one.pid === pid),
      "the source goes on",
    );
    for (const reference of [name, snapshot.snapshotId, ...snapshot.names]) {
      const child = world.keep(await sdk.Sandbox.create(reference));
      assert.ok(
        (await child.commands.list()).some((one) => one.pid === pid),
        reference,
      );
      await child.kill();
    }
    assert.deepEqual(await snapshotIds(sdk, { name }), [snapshot.snapshotId]);
    await sandbox.kill();
    assert.equal(await sdk.Sandbox.deleteSnapshot(snapshot.snapshotId), true);
  }),

  inFull("copies: snapshots page by page", async (sdk, world) => {
    const sandbox = await world.create();
    const made: string[] = [];
    for (let n = 0; n < 3; n += 1) made.push((await sandbox.createSnapshot()).snapshotId);
    const pages = sandbox.listSnapshots({ limit: 2 });
    const first = await pages.nextItems();
    assert.deepEqual([first.length, pages.hasNext], [2, true]);
    const second = await pages.nextItems();
    assert.deepEqual([second.length, pages.hasNext], [1, false]);
    const ids = [...first, ...second].map(({ snapshotId }) => snapshotId);
    assert.deepEqual(ids.toSorted(), made.toSorted());
    await sandbox.kill();
    for (const id of made) assert.equal(await sdk.Sandbox.deleteSnapshot(id), true);
  }),
];
