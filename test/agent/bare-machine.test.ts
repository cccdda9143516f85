/** One file is all a machine needs besides the listed packages: proven in a Debian that has nothing else. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { run } from "../../agent/system/exec.ts";
import { HOST_PACKAGES } from "../../server/up/packages.ts";
import { agentExecutable } from "../support/agent-directory.ts";
import { makeBareRoot } from "../support/bare-root.ts";
import { freePort } from "../support/free-port.ts";
import { call, signUp, startTestServer, type TestServer } from "../support/server.ts";
import { waitFor } from "../support/wait-for.ts";

let root = "";
let server: TestServer;
let token: string;

beforeAll(async () => {
  const work = mkdtempSync(join(tmpdir(), "wrenn-bare-"));
  await run(["chmod", "755", work]);
  root = join(work, "root");
  await makeBareRoot(
    root,
    HOST_PACKAGES.map(({ name }) => name),
  );
  mkdirSync(join(root, "usr/local/bin"), { recursive: true });
  copyFileSync(await agentExecutable(), join(root, "usr/local/bin/wrenn-agent"));
  server = await startTestServer({ WRENN_MONITOR_MS: "300" });
  ({ token } = await signUp(server.url));
}, 900_000);
afterAll(async () => {
  const { exitCode, stderr } = await inside(["clear"]).then(finish);
  await server.stop();
  rmSync(join(root, ".."), { recursive: true });
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
}, 120_000);

/** With the machine's devices, in mounts of its own, and nothing of this process's environment. */
const inside = async (args: string[], env: Record<string, string> = {}) => {
  const mounts = [
    `mount --rbind /dev ${root}/dev`,
    `mount -t proc proc ${root}/proc`,
    `mount --rbind /sys ${root}/sys`,
    // Where Debian is to be had is this machine's to know.
    `mount --bind /var/lib/apt ${root}/var/lib/apt`,
    `exec chroot ${root} /usr/local/bin/wrenn-agent "$@"`,
  ];
  return Bun.spawn(["unshare", "--mount", "sh", "-ec", mounts.join(" && "), "sh", ...args], {
    env: { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
};

const finish = async (child: Bun.Subprocess<"ignore", "pipe", "pipe">) => {
  const [stdout, stderr, exitCode] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { stdout, stderr, exitCode };
};

test("it says its version, and that nothing is missing", async () => {
  const version = await inside(["version"]).then(finish);
  expect(version).toMatchObject({ exitCode: 0, stderr: "" });
  const doctor = await inside(["doctor"]).then(finish);
  expect(doctor.stdout).not.toContain("FAIL");
  expect(doctor).toMatchObject({ exitCode: 0, stderr: "" });
});

test("it joins a server, fetching the kernel it needs, and serves", async () => {
  const made = await call<{ host: { id: string }; registration: { token: string } }>(
    server.url,
    "/v1/hosts",
    { token, body: { name: "bare" } },
  );
  const { id } = made.body.host;
  const listen = `127.0.0.1:${await freePort()}`;
  const registered = await inside(["register", "--server", server.url, "--listen", listen], {
    WRENN_REGISTRATION_TOKEN: made.body.registration.token,
  }).then(finish);
  expect(registered).toEqual({
    exitCode: 0,
    stderr: "",
    stdout: `registered as ${id}; the server will dial http://${listen}\n`,
  });
  const agent = await inside(["run"], { WRENN_HEARTBEAT_MS: "300" });
  try {
    const isReady = async () => {
      const { body } = await call<{ status: string; reachable: boolean }>(server.url, `/v1/hosts/${id}`, {
        token,
      });
      return body.status === "online" && body.reachable;
    };
    await waitFor("the host is online", isReady, 60_000);
  } finally {
    agent.kill("SIGTERM");
    await agent.exited;
  }
}, 300_000);
