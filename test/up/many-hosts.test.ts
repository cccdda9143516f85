/** `up --hosts`: several hosts on this machine, whose sandboxes outlive what `up` outlives. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";

import { run } from "../../agent/system/exec.ts";
import { bunRun, callUp, type Up, UpInstance } from "../support/up-instance.ts";
import { waitFor } from "../support/wait-for.ts";

let instance: UpInstance;
beforeAll(async () => {
  instance = await UpInstance.prepare("up-hosts");
}, 900_000);
afterAll(async () => {
  await instance[Symbol.asyncDispose]();
});

const says = async (up: Up, id: string, cmd: string): Promise<unknown> =>
  (await callUp(up, "POST", `/v1/sandboxes/${id}/exec`, { cmd }))["stdout"];

const statusOf = async (up: Up, id: string): Promise<unknown> =>
  (await callUp(up, "GET", `/v1/sandboxes/${id}`))["status"];

const ids: string[] = [];

test("each host has a network of its own and takes sandboxes, and the next start has as many", async () => {
  const first = await instance.start(["--hosts", "2"]);
  const hosts = first.ready.hosts ?? [];
  expect(hosts.map(({ directory }) => directory)).toEqual(
    ["1", "2"].map((number) => join(instance.directory, "hosts", number)),
  );
  expect(first.ready.wrenn_dir).toBe(hosts[0]?.directory ?? "");
  for (const { namespace, address } of hosts) {
    expect(await run(["ip", "-n", namespace, "-4", "address", "show", "dev", "uplink"])).toContain(address);
  }
  const used = new Set<string>();
  for (const _ of hosts) {
    const made = await callUp(first, "POST", "/v1/sandboxes", { template: "minimal", timeout_sec: 0 });
    used.add(String(made["host_id"]));
    ids.push(String(made["id"]));
  }
  expect([...used].toSorted()).toEqual(hosts.map(({ id }) => id).toSorted());

  await instance.kill(first);
  const second = await instance.start();
  expect(second.ready.hosts).toEqual(hosts);
  for (const id of ids) expect(await says(second, id, "echo alive")).toBe("alive\n");

  await instance.stop(second, "SIGINT");
  expect(second.child.exitCode).toBe(0);
  expect(await second.output).toContain(
    "ended what a killed start had left running: agent-1, agent-2, server",
  );
  expect(instance.leftOnMachine()).toEqual([]);
}, 300_000);

test("after Ctrl-C its sandboxes are paused, and the server may not be reached from inside them", async () => {
  const up = await instance.start();
  const [id = ""] = ids;
  await waitFor("it is paused", async () => (await statusOf(up, id)) === "paused", 20_000);
  await callUp(up, "POST", `/v1/sandboxes/${id}/resume`);
  const [host] = up.ready.hosts ?? [];
  const gateway = (await run(["ip", "-n", host?.namespace ?? "", "route", "show", "default"])).split(" ")[2];
  const ask = `curl -s -m 3 http://${gateway}:${new URL(up.ready.url).port}/ready || echo refused`;
  expect(await run(["nsenter", `--net=/run/netns/${host?.namespace}`, "bash", "-c", ask])).toContain("ok");
  expect(await says(up, id, ask)).toBe("refused\n");
  await instance.kill(up);
  expect(instance.leftOnMachine()).not.toEqual([]);
}, 180_000);

test("down --purge removes all of them", async () => {
  const hosts = ["1", "2"].map((number) => join(instance.directory, "hosts", number));
  const { exitCode, stdout } = await bunRun(["down", "--purge", "--dir", instance.directory]);
  expect(stdout).toContain(`removed ${instance.directory}`);
  expect(exitCode).toBe(0);
  expect(existsSync(instance.directory)).toBe(false);
  expect(instance.leftOnMachine(hosts)).toEqual([]);
}, 120_000);
