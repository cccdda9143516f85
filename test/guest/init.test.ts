/** What a real guest agent renews on /init, and who may ask for it. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, rmdirSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";

import type { InitRequest } from "../../agent/guest/protocol.ts";
import { begin, shell, until } from "./commands.ts";
import {
  canRunGuestAgent,
  type GuestAgent,
  initBody,
  initOrder,
  OTHER,
  postInit,
  sendInit,
  startGuestAgent,
  USER,
} from "./guest-agent.ts";

const TOKEN = "test-token";
const EAGAIN = 11;
const EINVAL = 22;
const identityOf = (letter: string): InitRequest["identity"] => ({
  hostname: `sandbox-${letter}`,
  machineId: letter.repeat(32),
});

describe.skipIf(!canRunGuestAgent)("/init of a guest agent", () => {
  let agent: GuestAgent;
  const asRoot = async (line: string): Promise<string> =>
    (await shell(agent.process("root"), line)).stdout.trim();
  const init = async (extra: Partial<InitRequest> = {}): Promise<number> =>
    (await postInit(agent.url, initBody(extra))).status;
  beforeAll(async () => {
    agent = await startGuestAgent({ accessToken: TOKEN });
  });
  afterAll(() => agent?.stop());

  test("before it every route is open, after it the token is asked for", async () => {
    expect((await fetch(`${agent.url}/envs`)).status).toBe(200);
    expect(await init()).toBe(204);
    expect((await fetch(`${agent.url}/envs`)).status).toBe(401);
    expect((await fetch(`${agent.url}/envs`, { headers: { "x-access-token": TOKEN } })).status).toBe(200);
  });

  test("a later one changes the token", async () => {
    expect(await init({ accessToken: "another" })).toBe(204);
    expect((await fetch(`${agent.url}/envs`, { headers: { "x-access-token": TOKEN } })).status).toBe(401);
    expect(await init()).toBe(204);
    expect((await fetch(`${agent.url}/envs`, { headers: { "x-access-token": TOKEN } })).status).toBe(200);
  });

  test("the wall clock is set", async () => {
    expect(await init()).toBe(204);
    const inside = Number(await asRoot("date +%s%N")) / 1e6;
    expect(Math.abs(inside - Date.now())).toBeLessThan(2_000);
  });

  test("a clone becomes its own machine, a clone of it another, a resume leaves all of it", async () => {
    const state =
      "hostname; cat /etc/hostname /etc/machine-id /proc/sys/kernel/random/boot_id; getent hosts $(hostname)";
    const seen: string[][] = [];
    for (const letter of ["a", "b"]) {
      expect(await init({ identity: identityOf(letter) })).toBe(204);
      const lines = (await asRoot(state)).split("\n");
      expect(lines.slice(0, 3)).toEqual([`sandbox-${letter}`, `sandbox-${letter}`, letter.repeat(32)]);
      expect(lines[3]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/);
      expect(lines[4]).toStartWith("127.0.1.1");
      seen.push(lines);
    }
    expect(seen[0]?.[3]).not.toBe(seen[1]?.[3]);
    expect(await init()).toBe(204);
    expect((await asRoot(state)).split("\n")).toEqual(seen[1] ?? []);
    expect(await asRoot("grep -c 127.0.1.1 /etc/hosts; grep -c boot_id /proc/self/mounts")).toBe("1\n1");
  });

  test("the environment is replaced when given and left when not", async () => {
    const names = async (): Promise<string> => await asRoot("env | grep ^INIT_ | sort | tr '\\n' ' '");
    await init({ envVars: { INIT_A: "1", INIT_B: "2" } });
    expect(await names()).toBe("INIT_A=1 INIT_B=2");
    await init();
    expect(await names()).toBe("INIT_A=1 INIT_B=2");
    await init({ envVars: { INIT_C: "3" } });
    expect(await names()).toBe("INIT_C=3");
  });

  test("default user and working directory", async () => {
    const withoutName = async (): Promise<string> => {
      const response = await fetch(`${agent.url}/filesystem.Filesystem/Stat`, {
        method: "POST",
        headers: { "x-access-token": TOKEN, "content-type": "application/json" },
        body: JSON.stringify({ path: "." }),
      });
      return ((await response.json()) as { entry: { path: string } }).entry.path;
    };
    expect(await withoutName()).toBe(USER.home);
    await init({ defaultUser: OTHER.name });
    expect(await withoutName()).toBe(OTHER.home);
    await init({ defaultUser: USER.name, defaultWorkdir: "/tmp" });
    expect(await withoutName()).toBe("/tmp");
    expect((await shell(agent.process(), "pwd")).stdout).toBe("/tmp\n");
  });

  test.each([
    ["no JSON", "{", "the body is not JSON"],
    ["no object", "[]", "the body must be a JSON object"],
    [
      "no time",
      JSON.stringify({ ...initBody(), timestamp: undefined }),
      "timestamp must be a non-empty string",
    ],
    [
      "a wrong time",
      JSON.stringify({ ...initBody(), timestamp: "soon" }),
      "timestamp must be an RFC 3339 time",
    ],
    [
      "little entropy",
      JSON.stringify({ ...initBody(), entropy: "AAAA" }),
      "entropy must have 16 to 256 bytes",
    ],
    [
      "entropy that is no base64",
      JSON.stringify({ ...initBody(), entropy: "*".repeat(40) }),
      "entropy must be base64",
    ],
    [
      "no token",
      JSON.stringify({ ...initBody(), accessToken: "" }),
      "accessToken must be a non-empty string",
    ],
    [
      "a wrong variable",
      JSON.stringify({ ...initBody(), envVars: { A: 5 } }),
      "envVars: 'A' is not a valid variable",
    ],
    [
      "a wrong hostname",
      JSON.stringify({ ...initBody(), identity: { hostname: "-", machineId: "a".repeat(32) } }),
      "identity.hostname is not a host name",
    ],
    [
      "a wrong machine-id",
      JSON.stringify({ ...initBody(), identity: { hostname: "x", machineId: "A" } }),
      "identity.machineId must be 32 hex digits",
    ],
  ])("%s is refused by name and changes nothing", async (_, body, message) => {
    const hostname = await asRoot("hostname");
    const response = await fetch(`${agent.url}/init`, { method: "POST", body });
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ code: 400, message });
    expect(await asRoot("hostname")).toBe(hostname);
  });

  test("a stream from before the restore, whose other end is gone, holds up no process", async () => {
    const request = JSON.stringify({
      process: { cmd: "sh", args: ["-c", "head -c 50000000 /dev/zero"] },
      tag: "stuck",
    });
    const frame = Buffer.concat([Buffer.from([0, 0, 0, 0, request.length]), Buffer.from(request)]);
    const socket = connect(Number(new URL(agent.url).port), "127.0.0.1");
    // The other end never reads: as dead as a connection of another life.
    socket.pause();
    socket.write(
      `POST /process.Process/Start HTTP/1.1\r\nHost: x\r\nX-Access-Token: ${TOKEN}\r\nContent-Type: application/connect+json\r\nContent-Length: ${frame.byteLength}\r\n\r\n`,
    );
    socket.write(frame);
    const stuck = async (): Promise<boolean> =>
      (await agent.process().list({})).processes.some(({ tag }) => tag === "stuck");
    await until("it runs", stuck);
    // Nothing of it moves any more: its writer sleeps in the pipe.
    await until("it waits", async () => (await asRoot("cat /proc/$(pgrep -x head)/wchan")).includes("pipe"));
    expect(await stuck()).toBe(true);
    expect(await init()).toBe(204);
    await until("it ends", async () => !(await stuck()));
    socket.destroy();
  });

  test("an attempt that arrives twice changes nothing the second time", async () => {
    const attempt = initBody({ attemptId: "one", envVars: { ATTEMPT: "first" } });
    expect((await postInit(agent.url, attempt)).status).toBe(204);
    const { pid, rest } = await begin(agent.process(), { process: { cmd: "cat" } });
    expect((await postInit(agent.url, { ...attempt, envVars: { ATTEMPT: "second" } })).status).toBe(204);
    await agent.process().closeStdin({ process: { selector: { case: "pid", value: pid } } });
    expect(await rest).toMatchObject({ exitCode: 0 });
    expect(await asRoot("echo $ATTEMPT")).toBe("first");
    expect((await postInit(agent.url, { ...attempt, attemptId: "two" })).status).toBe(204);
  });

  const variable = (attempt: string, value: string) =>
    initOrder({ attemptId: attempt.repeat(32), envVars: { DATAGRAM: value } });

  test("a datagram does the same, once for each attempt, whatever way it comes first", async () => {
    const first = variable("a", "first");
    expect(await sendInit(agent.url, first)).toBe(0);
    expect(await asRoot("echo $DATAGRAM")).toBe("first");
    const again = variable("a", "again");
    expect(await sendInit(agent.url, again)).toBe(0);
    expect((await postInit(agent.url, initBody(again.settings))).status).toBe(204);
    expect(await asRoot("echo $DATAGRAM")).toBe("first");
    expect((await postInit(agent.url, initBody(variable("b", "by HTTP").settings))).status).toBe(204);
    expect(await sendInit(agent.url, variable("b", "too late"))).toBe(0);
    expect(await asRoot("echo $DATAGRAM")).toBe("by HTTP");
  });

  test("a datagram renews clock and host name at once, token and identity before anything is seen", async () => {
    const identity = identityOf("d");
    const machine = { time: new Date(Date.now() + 90_000) };
    const order = initOrder({ attemptId: "d".repeat(32), accessToken: "of d", identity }, machine);
    expect(await sendInit(agent.url, order)).toBe(0);
    // The clock is the machine's, this process's too.
    const aheadMs = Date.now() - order.time.getTime();
    expect(await sendInit(agent.url, initOrder({}, { time: new Date(Date.now() - 90_000) }))).toBe(0);
    expect(aheadMs).toBeWithin(-1, 5_000);
    expect((await fetch(`${agent.url}/envs`, { headers: { "x-access-token": "of d" } })).status).toBe(401);
    expect(await asRoot("hostname; cat /etc/hostname /etc/machine-id")).toBe(
      `sandbox-d\nsandbox-d\n${"d".repeat(32)}`,
    );
  });

  test("orders that nobody looks at are kept in turn, as many as there is room for", async () => {
    const statuses: (number | null)[] = [];
    for (const attempt of "0123456789") {
      const order = variable(attempt, attempt);
      if (attempt === "3") delete order.settings.envVars;
      statuses.push(await sendInit(agent.url, order));
    }
    expect(statuses).toEqual([...Array<number>(8).fill(0), EAGAIN, EAGAIN]);
    expect((await postInit(agent.url, initBody({ attemptId: "9".repeat(32) }))).status).toBe(204);
    expect(await asRoot("echo $DATAGRAM")).toBe("7");
    expect(await sendInit(agent.url, variable("a", "room again"))).toBe(0);
    expect(await asRoot("echo $DATAGRAM")).toBe("room again");
  });

  test("what a datagram said is on disk after a while, though nobody asks", async () => {
    const order = initOrder({ attemptId: "e".repeat(32), identity: identityOf("e") });
    expect(await sendInit(agent.url, order)).toBe(0);
    const written = () => readFileSync(join(agent.homes, "../etc/hostname"), "utf8");
    expect(written()).not.toBe("sandbox-e\n");
    await until("it is written", () => written() === "sandbox-e\n");
  });

  test("what is asked at once over connections kept from looks at its health is all answered", async () => {
    const headers = { "x-access-token": TOKEN, "content-type": "application/json" };
    const eight = (ask: () => Promise<Response>) =>
      Promise.all(
        Array.from({ length: 8 }, async () => {
          const response = await ask();
          await response.arrayBuffer();
          return response.status;
        }),
      );
    expect(await sendInit(agent.url, initOrder({ attemptId: "7".repeat(32) }))).toBe(0);
    expect(await eight(() => fetch(`${agent.url}/health`))).toEqual(Array<number>(8).fill(204));
    expect(await eight(() => fetch(`${agent.url}/files`, { method: "OPTIONS" }))).toEqual(
      Array<number>(8).fill(204),
    );
    const stat = { method: "POST", headers, body: JSON.stringify({ path: "." }) };
    const asked = () => eight(() => fetch(`${agent.url}/filesystem.Filesystem/Stat`, stat));
    // Each finds the others' requests unread: it looks at none before all have come.
    expect(await agent.whileStopped(8, asked)).toEqual(Array<number>(8).fill(200));
  });

  test("an identity that could not be written is tried again, and the attempt refused until it is", async () => {
    const name = join(agent.homes, "../etc/hostname");
    const order = initOrder({ attemptId: "8".repeat(32), identity: identityOf("8") });
    const post = async () => (await postInit(agent.url, initBody(order.settings))).status;
    const envs = async () =>
      (await fetch(`${agent.url}/envs`, { headers: { "x-access-token": TOKEN } })).status;
    rmSync(name);
    mkdirSync(name);
    try {
      expect(await sendInit(agent.url, order)).toBe(0);
      expect(await envs()).toBe(500);
      expect([await post(), await post(), await envs()]).toEqual([500, 500, 500]);
    } finally {
      rmdirSync(name);
    }
    expect([await post(), await envs()]).toEqual([204, 200]);
    expect(await asRoot("cat /etc/hostname /etc/machine-id")).toBe(`sandbox-8\n${"8".repeat(32)}`);
  });

  test("settings that cannot be taken refuse every request until the next /init", async () => {
    expect(await sendInit(agent.url, initOrder({ attemptId: "f".repeat(32), accessToken: "" }))).toBe(0);
    const envs = () => fetch(`${agent.url}/envs`, { headers: { "x-access-token": TOKEN } });
    expect((await envs()).status).toBe(500);
    expect((await envs()).status).toBe(500);
    expect((await fetch(`${agent.url}/health`)).status).toBe(204);
    expect(await sendInit(agent.url, initOrder({ attemptId: "1".repeat(32) }))).toBe(0);
    expect((await envs()).status).toBe(200);
  });

  test.each([
    ["little entropy", { entropy: new Uint8Array(15) }, {}],
    ["more entropy than there is room for", { entropy: new Uint8Array(257) }, {}],
    [
      "a host name the kernel has no room for",
      {},
      { identity: { hostname: "x".repeat(65), machineId: "a".repeat(32) } },
    ],
    ["a time there is not", { time: new Date(-90_000) }, {}],
  ])("a datagram with %s is refused and changes nothing", async (_, machine, settings) => {
    const hostname = await asRoot("hostname");
    const order = initOrder(
      { attemptId: "c".repeat(32), envVars: { DATAGRAM: "refused" }, ...settings },
      machine,
    );
    expect(await sendInit(agent.url, order)).toBe(EINVAL);
    expect(await asRoot("hostname; echo $DATAGRAM")).not.toContain("refused");
    expect(await asRoot("hostname")).toBe(hostname);
  });

  test("from any other address there is no such route", async () => {
    await using stranger = await startGuestAgent({ hostAddress: "169.254.0.22" });
    await expect(sendInit(stranger.url, initOrder(), 300)).rejects.toThrow("no answer");
    expect((await postInit(stranger.url, initBody())).status).toBe(404);
    expect((await fetch(`${stranger.url}/envs`)).status).toBe(200);
  });

  test("an image without users, hostname, hosts or machine-id", async () => {
    await using bare = await startGuestAgent({
      without: ["passwd", "group", "hostname", "hosts", "machine-id"],
    });
    expect((await postInit(bare.url, initBody({ accessToken: "x", identity: identityOf("c") }))).status).toBe(
      204,
    );
    const client = bare.process("root", { "x-access-token": "x" });
    const { stdout } = await shell(client, "cat /etc/hostname /etc/hosts /etc/machine-id; echo $HOME");
    expect(stdout).toBe(`sandbox-c\n127.0.0.1\tlocalhost\n127.0.1.1\tsandbox-c\n${"c".repeat(32)}\n/root\n`);
  });

  test("an agent that dies and is started again still asks for the token and knows the rest", async () => {
    await using own = await startGuestAgent({ accessToken: TOKEN });
    await postInit(
      own.url,
      initBody({ envVars: { KEPT: "yes" }, defaultUser: OTHER.name, defaultWorkdir: "/tmp" }),
    );
    await shell(own.process("root"), "kill -9 $(cat /run/agent.pid)").catch(() => {});
    const ports = (): string[] =>
      [...own.log().matchAll(/listens on port (\d+)/g)].map(([, port]) => port ?? "");
    await until("it is started again", () => ports().length === 2);
    const url = `http://127.0.0.1:${ports()[1]}`;
    expect((await fetch(`${url}/envs`)).status).toBe(401);
    const envs = await fetch(`${url}/envs`, { headers: { "x-access-token": TOKEN } });
    expect(await envs.json()).toEqual({ KEPT: "yes" });
    const file = await fetch(`${url}/files?path=/run/wrenn/guest-agent.json`, {
      headers: { "x-access-token": TOKEN },
    });
    expect(file.status).toBe(403);
  });

  test("started without the JIT it starts itself anew with it", async () => {
    await using slow = await startGuestAgent({ environment: { BUN_JSC_useJIT: "0" } });
    expect((await shell(slow.process(), "id -un; env | grep -c BUN_ || true")).stdout).toBe(
      `${USER.name}\n0\n`,
    );
  });
});
