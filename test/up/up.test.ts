/** `up` and `down` as an operator uses them, from the shell, with real sandboxes. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync } from "node:fs";

import { bunRun, callUp, type Up, UpInstance } from "../support/up-instance.ts";
import { waitFor } from "../support/wait-for.ts";

let instance: UpInstance;
beforeAll(async () => {
  instance = await UpInstance.prepare("up");
}, 900_000);
afterAll(async () => {
  await instance[Symbol.asyncDispose]();
});

test("the smoke test passes and leaves nothing running", async () => {
  const { exitCode, stdout } = await bunRun(["up", "--smoke", "--dir", instance.directory]);
  expect(stdout).toContain("ok file, process and memory in both");
  expect(exitCode).toBe(0);
  expect(instance.leftOnMachine()).toEqual([]);
}, 180_000);

test("a sandbox outlives Ctrl-C paused, a killed up running; a second up on the directory is refused", async () => {
  const first = await instance.start();
  expect(Object.keys(first.ready).toSorted()).toEqual([
    "api_key",
    "database_url",
    "email",
    "password",
    "url",
    "wrenn_dir",
  ]);
  const made = await callUp(first, "POST", "/v1/sandboxes", { template: "minimal", timeout_sec: 0 });
  const id = String(made["id"]);
  const status = async (up: Up): Promise<unknown> =>
    (await callUp(up, "GET", `/v1/sandboxes/${id}`))["status"];

  const refused = await bunRun(["up", "--port", "0", "--dir", instance.directory]);
  expect(refused.exitCode).not.toBe(0);
  expect(refused.stderr).toContain("another `up`");

  await instance.stop(first, "SIGINT");
  expect(first.child.exitCode).toBe(0);
  expect(instance.leftOnMachine()).toEqual([]);

  const second = await instance.start();
  expect(second.ready.api_key).not.toBe(first.ready.api_key);
  await waitFor("the sandbox to be paused", async () => (await status(second)) === "paused", 20_000);
  await callUp(second, "POST", `/v1/sandboxes/${id}/resume`);
  await instance.kill(second);
  expect(instance.leftOnMachine()).not.toEqual([]);

  const third = await instance.start();
  expect(await status(third)).toBe("running");
  const { stdout } = await callUp(third, "POST", `/v1/sandboxes/${id}/exec`, { cmd: "echo alive" });
  expect(stdout).toBe("alive\n");
  third.child.kill("SIGTERM");
  await third.child.exited;
  expect(await third.output).toContain("ended what a killed start had left running: agent, server");
}, 300_000);

test("down --purge removes it all", async () => {
  const { exitCode, stdout } = await bunRun(["down", "--purge", "--dir", instance.directory]);
  expect(stdout).toContain(`removed ${instance.directory}`);
  expect(exitCode).toBe(0);
  expect(existsSync(instance.directory)).toBe(false);
  expect(instance.leftOnMachine()).toEqual([]);
}, 120_000);

test.each([
  [["--prot", "1"], "--prot"],
  [["--port", "70000"], "--port"],
  [["--smoke", "now"], "now"],
])("up %j is refused", async (args, named) => {
  const { exitCode, stderr } = await bunRun(["up", ...args]);
  expect(exitCode).not.toBe(0);
  expect(stderr).toContain(named);
});
