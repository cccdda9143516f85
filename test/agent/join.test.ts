/** The command the server hands out, pasted into a root shell on a machine that is to become a host. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createLayout } from "../../agent/images/layout.ts";
import { agentExecutable, directoryWithMinimal, removeDirectory } from "../support/agent-directory.ts";
import { buildMinimal } from "../support/agent.ts";
import { freePort } from "../support/free-port.ts";
import { call, signUp, startTestServer, type TestServer } from "../support/server.ts";
import { waitFor } from "../support/wait-for.ts";

interface NewHost {
  host: { id: string };
  registration: { command: string };
}

let server: TestServer;
let token: string;
let directory: string;
let executable: string;
let machine: string;
beforeAll(async () => {
  executable = await agentExecutable();
  directory = await directoryWithMinimal("join", executable, (fresh) => buildMinimal(fresh, executable));
  machine = mkdtempSync(join(tmpdir(), "wrenn-machine-"));
  server = await startTestServer({
    // The command names it.
    WRENN_LISTEN: `127.0.0.1:${await freePort()}`,
    WRENN_AGENT_FILE: executable,
    WRENN_MONITOR_MS: "300",
  });
  ({ token } = await signUp(server.url));
}, 900_000);
afterAll(async () => {
  await server.stop();
  await removeDirectory(directory);
  rmSync(machine, { recursive: true });
}, 60_000);

const newHost = async (): Promise<NewHost> =>
  (await call<NewHost>(server.url, "/v1/hosts", { token, body: { name: "box" } })).body;

/** In a mount namespace with a systemd that only writes down what it is asked, and a place to install to. */
const paste = async (command: string, env: Record<string, string>) => {
  const script = [
    `mount -t tmpfs none /run && mkdir -p /run/systemd/system /run/bin ${machine}/bin ${machine}/units`,
    `mount --bind ${machine}/bin /usr/local/bin && mkdir -p /etc/systemd/system`,
    `mount --bind ${machine}/units /etc/systemd/system`,
    `printf '#!/bin/sh\\necho "$@" >> ${machine}/asked\\n' > /run/bin/systemctl && chmod +x /run/bin/systemctl`,
    "PATH=/run/bin:$PATH",
    'eval "$1"',
  ].join(" && ");
  const child = Bun.spawn(["unshare", "--mount", "sh", "-c", script, "sh", command], {
    env: { PATH: process.env["PATH"] ?? "", WRENN_DIR: directory, TMPDIR: machine, ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    timeout: 120_000,
  });
  const [stdout, stderr, exitCode] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { stdout, stderr, exitCode };
};

test("it downloads, checks, registers and installs; the agent it installed then serves", async () => {
  const { host, registration } = await newHost();
  const listen = `127.0.0.1:${await freePort()}`;
  const joined = await paste(registration.command, { WRENN_AGENT_LISTEN: listen });
  expect({ exitCode: joined.exitCode, stderr: joined.stderr }).toEqual({ exitCode: 0, stderr: "" });
  expect(joined.stdout).toContain("this machine can run sandboxes");
  expect(joined.stdout).toContain(`registered as ${host.id}; the server will dial http://${listen}\n`);
  // The server dialled back while it registered.
  expect(joined.stdout).not.toContain("cannot reach");
  expect(readFileSync(join(machine, "asked"), "utf8").trim().split("\n")).toEqual([
    "is-active wrenn-agent",
    "stop wrenn-agent",
    "daemon-reload",
    "enable wrenn-agent.service",
    "restart wrenn-agent.service",
  ]);
  expect(statSync(createLayout(directory).credentialsFile).mode & 0o777).toBe(0o600);
  const unit = readFileSync(join(machine, "units", "wrenn-agent.service"), "utf8");
  expect(unit).toContain(`"WRENN_DIR=${directory}"`);

  // What the service would start: where it listens was said at registration.
  const agent = Bun.spawn([join(machine, "bin", "wrenn-agent"), "run"], {
    env: { PATH: process.env["PATH"] ?? "", WRENN_DIR: directory },
    stderr: "ignore",
  });
  try {
    const ready = async () => {
      const { body } = await call<{ status: string; reachable: boolean }>(
        server.url,
        `/v1/hosts/${host.id}`,
        { token },
      );
      return body.status === "online" && body.reachable;
    };
    await waitFor("the host is online", ready, 60_000);
    // Pasted again while the agent runs: refused before the token is touched.
    const second = await paste((await newHost()).registration.command, {});
    expect(second.exitCode).not.toBe(0);
    expect(second.stderr).toContain("stop it first");
  } finally {
    agent.kill("SIGKILL");
    await agent.exited;
  }
}, 300_000);

test("a machine where nothing can listen where it is to be dialled keeps its token", async () => {
  const { registration } = await newHost();
  const port = await freePort();
  using _taken = Bun.listen({ hostname: "127.0.0.1", port, socket: { data() {} } });
  const refused = await paste(registration.command, { WRENN_AGENT_LISTEN: `127.0.0.1:${port}` });
  expect(refused.exitCode).toBe(78);
  expect(refused.stderr).toContain(`127.0.0.1:${port} cannot be listened on`);
  const listen = `127.0.0.1:${await freePort()}`;
  expect((await paste(registration.command, { WRENN_AGENT_LISTEN: listen })).exitCode).toBe(0);
}, 120_000);

test("what the download is not is not run", async () => {
  const { registration } = await newHost();
  const wrong = registration.command.replace(/[0-9a-f]{64} {2}wrenn-agent/, `${"0".repeat(64)}  wrenn-agent`);
  const refused = await paste(wrong, {});
  expect(refused.exitCode).not.toBe(0);
  expect(refused.stderr).toContain("did NOT match");
  expect(refused.stdout).toBe("wrenn-agent: FAILED\n");
}, 60_000);
