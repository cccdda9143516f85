/** `sandbox.commands` again: what goes on in the background, and how one gets back to it. */
import assert from "node:assert/strict";

import { type Case, everywhere, inFull } from "../program/case.ts";
import type { Sandbox } from "../program/sdk.ts";
import { until } from "../program/until.ts";
import { fails } from "./expect.ts";

const NO_PID = 999_999;

const listed = async ({ commands }: Sandbox, pid: number): Promise<boolean> =>
  (await commands.list()).some((one) => one.pid === pid);

export const PROCESSES: Case[] = [
  everywhere("processes: list, kill", async (sdk, world) => {
    const sandbox = await world.sandbox();
    const { commands } = sandbox;
    const handle = await commands.run("sleep 300", { background: true, cwd: "/tmp", envs: { A: "b" } });
    const found = (await commands.list()).find(({ pid }) => pid === handle.pid);
    assert.deepEqual([found?.cmd, found?.args.at(-1), found?.cwd], ["/bin/bash", "sleep 300", "/tmp"]);
    assert.equal(found?.envs["A"], "b");
    assert.equal(await handle.kill(), true);
    const error = await fails(handle.wait(), sdk.CommandExitError);
    assert.deepEqual([error.exitCode, error.error], [-1, "signal: killed"]);
    assert.equal(await listed(sandbox, handle.pid), false);
    assert.equal(await commands.kill(handle.pid), false);
    assert.equal(await commands.kill(NO_PID), false);
  }),

  everywhere("processes: connect to a running one", async (sdk, world) => {
    const { commands } = await world.sandbox();
    const handle = await commands.run("read a; echo got $a; read b; echo got $b; exit 4", {
      background: true,
      stdin: true,
    });
    await handle.disconnect();
    let heard = "";
    const again = await commands.connect(handle.pid, { onStdout: (text) => void (heard += text) });
    assert.equal(again.pid, handle.pid);
    await commands.sendStdin(handle.pid, "one\n");
    await until("its answer", () => heard === "got one\n");
    await again.sendStdin("two\n");
    const error = await fails(again.wait(), sdk.CommandExitError);
    assert.deepEqual([error.exitCode, error.stdout], [4, "got one\ngot two\n"]);
    await fails(commands.connect(NO_PID), sdk.NotFoundError);
  }),

  everywhere("processes: standard input, and its end", async (_sdk, world) => {
    const { commands } = await world.sandbox();
    const handle = await commands.run("cat; echo end", { background: true, stdin: true });
    await commands.sendStdin(handle.pid, "text ");
    await commands.sendStdin(handle.pid, new TextEncoder().encode("bytes 😀\n"));
    await commands.closeStdin(handle.pid);
    assert.equal((await handle.wait()).stdout, "text bytes 😀\nend\n");
    const other = await commands.run("wc -c", { background: true, stdin: true });
    await other.sendStdin("x".repeat(200_000));
    await other.closeStdin();
    assert.equal((await other.wait()).stdout.trim(), "200000");
  }),

  inFull("processes: without stdin it is at its end at once", async (_sdk, world) => {
    const { commands } = await world.sandbox();
    assert.equal((await commands.run("cat; echo end", { timeoutMs: 20_000 })).stdout, "end\n");
  }),

  inFull("processes: input for nobody is refused", async (sdk, world) => {
    const { commands } = await world.sandbox();
    await fails(commands.sendStdin(NO_PID, "x"), sdk.NotFoundError);
    await fails(commands.closeStdin(NO_PID), sdk.NotFoundError);
  }),

  inFull("processes: it goes on when its client leaves", async (_sdk, world) => {
    const { commands } = await world.sandbox();
    const handle = await commands.run("sleep 1; echo late > /tmp/late; sleep 300", { background: true });
    await handle.disconnect();
    await until("it wrote", async () => (await commands.run("cat /tmp/late || true")).stdout === "late\n");
    assert.equal(await commands.kill(handle.pid), true);
  }),

  inFull("processes: nothing is heard after disconnect", async (_sdk, world) => {
    const { commands } = await world.sandbox();
    const seen: string[] = [];
    const handle = await commands.run("echo one; read; echo two; sleep 300", {
      background: true,
      stdin: true,
      onStdout: (text) => void seen.push(text),
    });
    await until("the first", () => seen.length === 1);
    await handle.disconnect();
    let heard = "";
    const again = await commands.connect(handle.pid, { onStdout: (text) => void (heard += text) });
    await commands.sendStdin(handle.pid, "\n");
    await until("the other reader hears it", () => heard === "two\n");
    assert.deepEqual(seen, ["one\n"]);
    assert.equal(await again.kill(), true);
  }),

  inFull("processes: two readers hear the same", async (_sdk, world) => {
    const { commands } = await world.sandbox();
    const first = await commands.run("read; seq 1 500", { background: true, stdin: true });
    const second = await commands.connect(first.pid);
    await first.sendStdin("\n");
    const [one, two] = await Promise.all([first.wait(), second.wait()]);
    assert.equal(one.stdout.split("\n").length, 501);
    assert.equal(two.stdout, one.stdout);
  }),

  inFull("processes: killing one kills its children", async (_sdk, world) => {
    const { commands } = await world.sandbox();
    const handle = await commands.run("sleep 301 & sleep 301 & wait", { background: true });
    const children = async () => (await commands.run("pgrep -fc '^sleep 301$' || true")).stdout.trim();
    await until("they run", async () => (await children()) === "2");
    await handle.kill();
    await until("they are gone", async () => (await children()) === "0");
  }),

  inFull("processes: a pid is the one seen inside", async (_sdk, world) => {
    const { commands } = await world.sandbox();
    const handle = await commands.run("echo $$; read", { background: true, stdin: true });
    await until("it said its pid", () => handle.stdout !== "");
    assert.equal(handle.stdout, `${handle.pid}\n`);
    await handle.sendStdin("\n");
    assert.equal((await handle.wait()).exitCode, 0);
    assert.deepEqual([handle.exitCode, handle.error ?? "", handle.stderr], [0, "", ""]);
  }),
];
