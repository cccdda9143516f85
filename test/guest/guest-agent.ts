/**
 * Starts a real guest agent in its own mount, UTS and PID namespaces, with its own /etc, /run and homes:
 * what it does as root, /init above all, stays there. Its clock is the machine's, so tests set the true time.
 */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { type Client, createClient, type Transport } from "@connectrpc/connect";
import { createFetchClient } from "@connectrpc/connect/protocol";
import { createTransport } from "@connectrpc/connect/protocol-connect";

import { encodeInit, type InitOrder, readInitAnswer } from "../../agent/guest/init/wire.ts";
import type { InitRequest } from "../../agent/guest/protocol.ts";
import { Filesystem } from "../../proto/gen/filesystem/filesystem_pb.ts";
import { Process } from "../../proto/gen/process/process_pb.ts";
import { waitFor } from "../support/wait-for.ts";

const START_TIMEOUT_MS = 15_000;

/** Users of the agent's /etc: `user` is in one more group than its own; `other` shares nothing with it. */
export const USER = { name: "user", uid: 54_321, gid: 54_321, home: "/home/user" };
export const OTHER = { name: "other", uid: 54_322, gid: 54_322, home: "/home/other" };
export const EXTRA_GROUP = { name: "extra", gid: 54_400 };

const PASSWD = `root:x:0:0:root:/root:/bin/bash
${[USER, OTHER].map(({ name, uid, gid, home }) => `${name}:x:${uid}:${gid}::${home}:/bin/bash`).join("\n")}
`;
const GROUP = `root:x:0:
${[USER, OTHER].map(({ name, gid }) => `${name}:x:${gid}:`).join("\n")}
${EXTRA_GROUP.name}:x:${EXTRA_GROUP.gid}:${USER.name}
`;

/**
 * In the new namespaces: private /etc, /run and /home, then the agent. The shell stays the first process, as
 * the sandbox's init does: it reaps what loses its parent, starts an agent that has ended again, and its end
 * is the end of everything inside.
 */
const SETUP = `
set -e
mount --make-rprivate /
mount --bind "$1/etc" /etc
mount -t tmpfs tmpfs /run
mount --bind "$1/home" /home
for name in ${USER.name}:${USER.uid} ${OTHER.name}:${OTHER.uid}; do
  home=/home/\${name%:*}
  mkdir -p "$home"; chown "\${name#*:}:\${name#*:}" "$home"; chmod 0700 "$home"
done
chmod 0755 /home
shift
while :; do
  "$@" &
  echo $! > /run/agent.pid
  wait $! || true
done
`;

export interface GuestAgent {
  url: string;
  /** Files of the agent's /home, seen from here. */
  homes: string;
  process(user?: string, headers?: Record<string, string>): Client<typeof Process>;
  /** JSON instead of binary messages. */
  processJson(user?: string): Client<typeof Process>;
  filesystem(user?: string): Client<typeof Filesystem>;
  log(): string;
  /** What `ask` sends at once has all come before the agent looks at any of it. */
  whileStopped<T>(connections: number, ask: () => Promise<T>): Promise<T>;
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const basic = (user: string): string => `Basic ${Buffer.from(`${user}:`).toString("base64")}`;

/** Any fetch will do; a plain one can stream both ways over HTTP/1.1. */
const transportTo = (baseUrl: string, headers: Record<string, string>, useBinaryFormat: boolean): Transport =>
  createTransport({
    baseUrl,
    useBinaryFormat,
    httpClient: createFetchClient(fetch),
    interceptors: [
      (next) => (request) => {
        for (const [name, value] of Object.entries(headers)) request.header.set(name, value);
        return next(request);
      },
    ],
    acceptCompression: [],
    sendCompression: null,
    compressMinBytes: 1_024,
    readMaxBytes: 64 << 20,
    writeMaxBytes: 64 << 20,
  });

const onlyChild = (pid: number): number =>
  Number(readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim());

/** Connections to the port, of this end, in which something waits to be read. */
const unreadConnections = (port: number): number => {
  const own = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const rows = readFileSync("/proc/net/tcp", "utf8").split("\n").slice(1);
  return rows.filter((row) => {
    const [, local, , state, queues] = row.trim().split(/\s+/);
    return local?.endsWith(own) === true && state === "01" && queues?.endsWith(":00000000") === false;
  }).length;
};

const waitForPort = async (child: Bun.Subprocess, read: () => string): Promise<number> => {
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (performance.now() < deadline && child.exitCode === null && child.signalCode === null) {
    const port = read().match(/listens on port (\d+)/)?.[1];
    if (port !== undefined) return Number(port);
    await Bun.sleep(10);
  }
  throw new Error(`the guest agent did not start: ${read()}`);
};

export interface AgentOptions {
  /** What every client of this helper sends once the agent has been given one. */
  accessToken?: string;
  /** Where /init may come from; @default {"127.0.0.1"} */
  hostAddress?: string;
  /** Names in /etc that this image lacks. */
  without?: string[];
  environment?: Record<string, string>;
}

export const startGuestAgent = async (options: AgentOptions = {}): Promise<GuestAgent> => {
  const root = mkdtempSync(join(tmpdir(), "wrenn-guest-"));
  mkdirSync(join(root, "home"));
  cpSync("/etc", join(root, "etc"), { recursive: true, verbatimSymlinks: true });
  writeFileSync(join(root, "etc/passwd"), PASSWD);
  writeFileSync(join(root, "etc/group"), GROUP);
  for (const name of options.without ?? []) rmSync(join(root, "etc", name), { force: true });
  const child = Bun.spawn(
    [
      // A test run that is killed takes the namespaces with it.
      ...["setpriv", "--pdeathsig", "KILL"],
      ...["unshare", "--mount", "--uts", "--pid", "--fork", "--kill-child", "--mount-proc"],
      ...["sh", "-c", SETUP, "sh", root],
      ...[
        process.execPath,
        join(import.meta.dir, "entry.ts"),
        "--port",
        "0",
        "--host-address",
        options.hostAddress ?? "127.0.0.1",
      ],
    ],
    {
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
      cwd: "/",
      env: { PATH: process.env["PATH"] ?? "", SECRET_OF_AGENT: "1", ...options.environment },
    },
  );
  let log = "";
  const collect = async (stream: ReadableStream<Uint8Array>): Promise<void> => {
    const decoder = new TextDecoder();
    for await (const chunk of stream) log += decoder.decode(chunk, { stream: true });
  };
  const collected = Promise.all([collect(child.stdout), collect(child.stderr)]);
  const stop = async (): Promise<void> => {
    child.kill("SIGKILL");
    await child.exited;
    await collected;
    rmSync(root, { recursive: true, force: true });
  };
  let port: number;
  try {
    port = await waitForPort(child, () => log);
  } catch (error) {
    await stop();
    throw error;
  }
  const url = `http://127.0.0.1:${port}`;
  const own: Record<string, string> =
    options.accessToken === undefined ? {} : { "x-access-token": options.accessToken };
  const headers = (user: string, extra: Record<string, string> = {}): Record<string, string> => ({
    authorization: basic(user),
    ...own,
    ...extra,
  });
  return {
    url,
    homes: join(root, "home"),
    process: (user = USER.name, extra = {}) =>
      createClient(Process, transportTo(url, headers(user, extra), true)),
    processJson: (user = USER.name) => createClient(Process, transportTo(url, headers(user), false)),
    filesystem: (user = USER.name) => createClient(Filesystem, transportTo(url, headers(user), true)),
    log: () => log,
    whileStopped: async (connections, ask) => {
      // Between them is the shell.
      const pid = onlyChild(onlyChild(child.pid));
      process.kill(pid, "SIGSTOP");
      try {
        const asked = ask();
        await waitFor("all has come", () => unreadConnections(port) >= connections);
        process.kill(pid, "SIGCONT");
        return await asked;
      } finally {
        process.kill(pid, "SIGCONT");
      }
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
};

/** A body that /init accepts; the true time, since the clock is the machine's. */
export const initBody = (extra: Partial<InitRequest> = {}): InitRequest => ({
  timestamp: new Date().toISOString(),
  entropy: Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64"),
  accessToken: "test-token",
  ...extra,
});

export const postInit = (url: string, body: unknown): Promise<Response> =>
  fetch(`${url}/init`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });

/** What is sent, what comes back; rejects without an answer in time. */
export const sendDatagram = async (url: string, bytes: Buffer, timeoutMs = 5_000): Promise<Buffer> => {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const { hostname, port } = new URL(url);
  const socket = await Bun.udpSocket({
    connect: { hostname, port: Number(port) },
    socket: { data: (_, answer) => resolve(answer), error: (_, error) => reject(error) },
  });
  const timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  try {
    socket.send(bytes);
    return await promise;
  } finally {
    clearTimeout(timer);
    socket.close();
  }
};

/** An order that fits a datagram; the true time, since the clock is the machine's. */
export const initOrder = (
  settings: Partial<InitOrder["settings"]> = {},
  machine: Partial<InitOrder> = {},
): InitOrder => ({
  time: new Date(),
  entropy: crypto.getRandomValues(new Uint8Array(32)),
  settings: { attemptId: crypto.randomUUID().replaceAll("-", ""), accessToken: "test-token", ...settings },
  ...machine,
});

/** /init as a datagram: 0 or an errno, null for what is no answer to it. */
export const sendInit = async (url: string, order: InitOrder, timeoutMs?: number): Promise<number | null> => {
  const datagram = encodeInit(order);
  if (datagram === null) throw new Error("too long for a datagram");
  return readInitAnswer(await sendDatagram(url, datagram, timeoutMs), order.settings.attemptId);
};

/** Namespaces, foreign uids and the clock need root on Linux; without it these tests say so and are skipped. */
export const canRunGuestAgent =
  process.platform === "linux" && process.getuid?.() === 0 && Bun.which("unshare") !== null;
