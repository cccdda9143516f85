/** `Sandbox` itself: made, found, asked about, ended. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";

import { type Case, everywhere, inFull } from "../program/case.ts";
import { until } from "../program/until.ts";
import { fails } from "./expect.ts";

/** Of no sandbox. */
export const unknownId = (): string => randomBytes(16).toString("hex");

export const SANDBOXES: Case[] = [
  everywhere("sandboxes: create with nothing said", async (sdk, world) => {
    const before = Date.now();
    const sandbox = world.keep(await sdk.Sandbox.create());
    assert.match(sandbox.sandboxId, /^[0-9a-f]{32}$/);
    assert.equal(await sandbox.isRunning(), true);
    const info = await sandbox.getInfo();
    assert.equal(info.sandboxId, sandbox.sandboxId);
    assert.match(info.templateId, /^[0-9a-f]{32}$/);
    assert.deepEqual([info.state, info.metadata, info.volumeMounts], ["running", {}, []]);
    assert.ok(info.cpuCount >= 1 && info.memoryMB >= 128, `${info.cpuCount} CPUs, ${info.memoryMB} MB`);
    assert.match(info.envdVersion, /^0\.6\.13$/);
    assert.deepEqual(info.lifecycle, { onTimeout: "kill", autoResume: false });
    const lifeMs = info.endAt.getTime() - before;
    assert.ok(lifeMs > 290_000 && lifeMs < 330_000, `five minutes, not ${lifeMs} ms`);
    assert.ok(Math.abs(info.startedAt.getTime() - before) < 30_000);
  }),

  everywhere("sandboxes: metadata and environment", async (sdk, world) => {
    const metadata = { user: "ada", "odd key&=%": "odd 😀 value=&%25+" };
    const sandbox = await world.create({ metadata, envs: { GREETING: "hello 😀" }, timeoutMs: 60_000 });
    assert.deepEqual((await sandbox.getInfo()).metadata, metadata);
    assert.deepEqual((await sdk.Sandbox.getInfo(sandbox.sandboxId)).metadata, metadata);
    assert.equal((await sandbox.commands.run("echo $GREETING")).stdout, "hello 😀\n");
  }),

  inFull("sandboxes: of a template by any of its names", async (sdk, world) => {
    const first = await world.create({ template: "base" });
    const { templateId } = await first.getInfo();
    for (const name of ["minimal", "base:default", templateId]) {
      const sandbox = world.keep(await sdk.Sandbox.create(name));
      assert.equal((await sandbox.getInfo()).templateId, templateId);
    }
  }),

  inFull("sandboxes: of a template that is not there", async (sdk) => {
    const error = await fails(sdk.Sandbox.create("no-such-template"), sdk.SandboxError, /no-such-template/);
    assert.match(error.message, /^404/);
  }),

  everywhere("sandboxes: kill", async (sdk, world) => {
    const sandbox = await world.create();
    assert.equal(await sandbox.kill(), true);
    assert.equal(await sandbox.isRunning(), false);
    assert.equal(await sandbox.kill(), false);
    assert.equal(await sdk.Sandbox.kill(sandbox.sandboxId), false);
    await fails(sandbox.getInfo(), sdk.SandboxNotFoundError);
    await fails(sandbox.commands.run("true"), sdk.SandboxNotFoundError);
    await fails(sandbox.files.read("x"), sdk.TimeoutError);
    await fails(sdk.Sandbox.connect(sandbox.sandboxId), sdk.SandboxNotFoundError);
  }),

  everywhere("sandboxes: one that never was", async (sdk) => {
    for (const id of [unknownId(), "not-an-id"]) {
      assert.equal(await sdk.Sandbox.kill(id), false);
      const all: (() => Promise<unknown>)[] = [
        () => sdk.Sandbox.getInfo(id),
        () => sdk.Sandbox.connect(id),
        () => sdk.Sandbox.setTimeout(id, 10_000),
        () => sdk.Sandbox.pause(id),
        () => sdk.Sandbox.getMetrics(id),
        () => sdk.Sandbox.createSnapshot(id),
        () => sdk.Sandbox.fork(id),
        () => sdk.Sandbox.updateNetwork(id, {}),
      ];
      for (const ask of all) await fails(ask(), sdk.SandboxNotFoundError);
    }
  }),

  everywhere("sandboxes: connect to a running one", async (sdk, world) => {
    const sandbox = await world.create({ timeoutMs: 300_000 });
    await sandbox.files.write("shared", "same machine");
    const { endAt } = await sandbox.getInfo();
    const same = await sdk.Sandbox.connect(sandbox.sandboxId, { timeoutMs: 10_000 });
    assert.equal(same.sandboxId, sandbox.sandboxId);
    assert.equal(await same.files.read("shared"), "same machine");
    assert.deepEqual((await same.getInfo()).endAt, endAt);
    await same.connect({ timeoutMs: 600_000 });
    assert.ok((await same.getInfo()).endAt.getTime() > endAt.getTime() + 200_000, "it was extended");
  }),

  inFull("sandboxes: setTimeout moves the end", async (sdk, world) => {
    const sandbox = await world.create({ timeoutMs: 600_000 });
    const leftMs = async (): Promise<number> => (await sandbox.getInfo()).endAt.getTime() - Date.now();
    await sandbox.setTimeout(60_000);
    assert.ok((await leftMs()) <= 61_000);
    await sdk.Sandbox.setTimeout(sandbox.sandboxId, 1_200_000);
    assert.ok((await leftMs()) > 1_100_000);
  }),

  inFull("sandboxes: the end comes when it was said", async (sdk, world) => {
    const sandbox = await world.create({ timeoutMs: 3_000 });
    const { endAt } = await sandbox.getInfo();
    await until("it is over", async () => !(await sandbox.isRunning()));
    const lateMs = Date.now() - endAt.getTime();
    assert.ok(lateMs > -1_000 && lateMs < 3_000, `${lateMs} ms after its end`);
    await until("it is gone", async () =>
      sdk.Sandbox.getInfo(sandbox.sandboxId).then(
        () => false,
        (error) => error instanceof sdk.SandboxNotFoundError,
      ),
    );
  }),

  inFull("sandboxes: getFullInfo and logger options of older programs", async (sdk, world) => {
    const sandbox = await world.create({ secure: true });
    const info = await sdk.Sandbox.getFullInfo(sandbox.sandboxId);
    assert.equal(info.sandboxId, sandbox.sandboxId);
  }),

  inFull("sandboxes: requests can be given up", async (sdk, world) => {
    const sandbox = await world.sandbox();
    await assert.rejects(sandbox.getInfo({ requestTimeoutMs: 1 }));
    await assert.rejects(sandbox.getInfo({ signal: AbortSignal.abort() }));
    assert.equal((await sdk.Sandbox.getInfo(sandbox.sandboxId)).state, "running");
  }),

  inFull("sandboxes: a client with options of its own", async (sdk, world) => {
    const sandbox = await world.create({ metadata: { by: "client" } });
    const client = new sdk.E2B({ apiKey: process.env["E2B_API_KEY"] });
    assert.equal((await client.Sandbox.getInfo(sandbox.sandboxId)).metadata["by"], "client");
    const stranger = new sdk.E2B({ apiKey: world.settings.otherApiKey });
    await fails(stranger.Sandbox.getInfo(sandbox.sandboxId), sdk.SandboxNotFoundError);
  }),
];
