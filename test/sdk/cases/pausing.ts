/** Pause, resume, and what happens by itself at the end of a sandbox's time. */
import assert from "node:assert/strict";

import { type Case, everywhere, inFull, newest } from "../program/case.ts";
import type { Sandbox } from "../program/sdk.ts";
import { until } from "../program/until.ts";

const stateOf = async (sandbox: Sandbox): Promise<string> => (await sandbox.getInfo()).state;

/** A process whose memory alone knows `word`: it writes it to the file `said` when asked to. */
const remember = async ({ commands }: Sandbox, word: string): Promise<number> => {
  const script = `word=${word}; until [ -e asked ]; do sleep 0.1; done; echo $word > said; sleep 300`;
  return (await commands.run(script, { background: true })).pid;
};

const recall = async ({ commands, files }: Sandbox): Promise<string> => {
  await files.write("asked", "");
  await until("it was said", async () => (await commands.run("cat said || true")).stdout !== "");
  return (await files.read("said")).trim();
};

const bootId = async ({ files }: Sandbox): Promise<string> => files.read("/proc/sys/kernel/random/boot_id");

export const PAUSING: Case[] = [
  everywhere("pausing: processes, memory and files are there again", async (sdk, world) => {
    const sandbox = await world.create({ envs: { KEPT: "yes" } });
    const pid = await remember(sandbox, "swordfish");
    await sandbox.files.write("file", "kept");
    assert.equal(await sandbox.pause(), true);
    assert.equal(await sandbox.pause(), false);
    assert.equal(await sandbox.isRunning(), false);
    assert.equal(await stateOf(sandbox), "paused");
    const same = await sdk.Sandbox.connect(sandbox.sandboxId, { timeoutMs: 300_000 });
    assert.equal(await stateOf(same), "running");
    assert.ok((await same.commands.list()).some((one) => one.pid === pid));
    assert.equal(await recall(same), "swordfish");
    assert.equal(await same.files.read("file"), "kept");
    assert.equal((await same.commands.run("echo $KEPT")).stdout, "yes\n");
    // The first handle goes on working: the id and the token are the same.
    assert.equal((await sandbox.commands.run("echo again")).stdout, "again\n");
  }),

  inFull("pausing: betaPause, by id, and back by the handle", async (sdk, world) => {
    const sandbox = await world.create();
    assert.equal(await sandbox.betaPause(), true);
    assert.equal(await (await sandbox.connect()).isRunning(), true);
    assert.equal(await sdk.Sandbox.pause(sandbox.sandboxId), true);
    assert.equal(await sdk.Sandbox.betaPause(sandbox.sandboxId), false);
    const leftMs = async (): Promise<number> => (await sandbox.getInfo()).endAt.getTime() - Date.now();
    await sandbox.connect({ timeoutMs: 1_000_000 });
    assert.ok((await leftMs()) > 900_000);
  }),

  inFull("pausing: five rounds, and nothing is lost", async (_sdk, world) => {
    const sandbox = await world.create();
    for (let round = 0; round < 5; round += 1) {
      await sandbox.commands.run(`echo ${round} >> rounds`);
      await sandbox.pause();
      await sandbox.connect();
    }
    assert.equal(await sandbox.files.read("rounds"), "0\n1\n2\n3\n4\n");
  }),

  inFull("pausing: without memory it boots again", async (_sdk, world) => {
    const sandbox = await world.create({ envs: { KEPT: "yes" } });
    const before = await bootId(sandbox);
    const pid = await remember(sandbox, "lost");
    await sandbox.files.write("file", "kept");
    assert.equal(await sandbox.pause({ keepMemory: false }), true);
    await sandbox.connect();
    assert.notEqual(await bootId(sandbox), before);
    assert.equal(await sandbox.files.read("file"), "kept");
    assert.equal((await sandbox.commands.run("echo $KEPT")).stdout, "yes\n");
    assert.equal(
      (await sandbox.commands.list()).some((one) => one.pid === pid),
      false,
    );
  }),

  newest("pausing: connect can leave the memory behind", async (_sdk, world) => {
    const sandbox = await world.create();
    const before = await bootId(sandbox);
    await sandbox.commands.run("echo kept > file; sync");
    await sandbox.pause();
    await sandbox.connect({ onResume: "reboot" });
    assert.notEqual(await bootId(sandbox), before);
    assert.equal(await sandbox.files.read("file"), "kept\n");
  }),

  inFull("pausing: at the end of its time, when asked for", async (_sdk, world) => {
    const sandbox = await world.create({ timeoutMs: 3_000, lifecycle: { onTimeout: "pause" } });
    assert.deepEqual((await sandbox.getInfo()).lifecycle, { onTimeout: "pause", autoResume: false });
    await sandbox.files.write("file", "kept");
    await until("it is paused", async () => (await stateOf(sandbox)) === "paused");
    assert.equal(await sandbox.isRunning(), false);
    await sandbox.connect({ timeoutMs: 300_000 });
    assert.equal(await sandbox.files.read("file"), "kept");
  }),

  inFull("pausing: traffic wakes a sandbox that wants it", async (_sdk, world) => {
    const lifecycle = { onTimeout: "pause", autoResume: true } as const;
    const sandbox = await world.create({ lifecycle });
    assert.deepEqual((await sandbox.getInfo()).lifecycle, lifecycle);
    // In memory, and without a stream: the SDK asks after the health of one that is cut, which is traffic too.
    await sandbox.commands.run("echo asleep > /dev/shm/word");
    await sandbox.pause();
    assert.equal(await stateOf(sandbox), "paused");
    assert.equal(await sandbox.files.read("/dev/shm/word"), "asleep\n");
    assert.equal(await stateOf(sandbox), "running");
  }),

  inFull("pausing: at the end of its time without memory", async (_sdk, world) => {
    const onTimeout = { action: "pause", keepMemory: false } as const;
    const sandbox = await world.create({ timeoutMs: 4_000, lifecycle: { onTimeout } });
    const before = await bootId(sandbox);
    await until("it is paused", async () => (await stateOf(sandbox)) === "paused");
    await sandbox.connect({ timeoutMs: 300_000 });
    assert.notEqual(await bootId(sandbox), before);
  }),
];
