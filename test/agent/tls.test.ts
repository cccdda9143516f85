/** A host on another address than loopback: its server knows it by its certificate, it knows its server by its key. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";

import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { generateKeyPair, SignJWT } from "jose";

import { makeCertificate } from "../../agent/control/certificate.ts";
import { run } from "../../agent/system/exec.ts";
import { HostService } from "../../proto/gen/wrenn/host/v1/host_pb.ts";
import { newId, parseHostId } from "../../proto/ids.ts";
import { CallTokens } from "../../server/hosts/call-tokens.ts";
import { agentExecutable, directoryWithMinimal, removeDirectory } from "../support/agent-directory.ts";
import { buildMinimal } from "../support/agent.ts";
import { call, type SignInBody, startTestServer, type TestServer } from "../support/server.ts";
import { waitFor } from "../support/wait-for.ts";

/** TEST-NET-2, this process's own corner of it: the server at one end of a pair, the host at the other. */
const CORNER = (process.pid % 30) * 8;
const [SERVER_IP, HOST_IP, OTHER_IP] = [1, 2, 3].map((last) => `198.51.100.${CORNER + last}`);
const LABEL = `tls${process.pid.toString(36)}`;

const ip = (...lines: string[]) => run(["ip", "-batch", "-"], { input: `${lines.join("\n")}\n` });

const inside = (line: string) => run(["ip", "-n", LABEL, ...line.split(" ")]);

let server: TestServer;
let token: string;
let directory: string;
let executable: string;
let hostId: string;
let agent: Bun.Subprocess;

const inNamespace = (args: string[], env: Record<string, string> = {}) =>
  Bun.spawn(["nsenter", `--net=/run/netns/${LABEL}`, executable, ...args], {
    env: { PATH: process.env["PATH"] ?? "", WRENN_DIR: directory, WRENN_HEARTBEAT_MS: "300", ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: process.env["WRENN_TEST_LOG"] === "1" ? "inherit" : "ignore",
  });

interface HostBody {
  address: string;
  status: string;
  status_reason: string;
  reachable: boolean;
}
const seen = async () => (await call<HostBody>(server.url, `/v1/hosts/${hostId}`, { token })).body;

beforeAll(async () => {
  executable = await agentExecutable();
  directory = await directoryWithMinimal("tls", executable, (fresh) => buildMinimal(fresh, executable));
  await ip(
    `netns add ${LABEL}`,
    `link add ${LABEL} type veth peer name eth0 netns ${LABEL}`,
    `addr add ${SERVER_IP}/29 dev ${LABEL}`,
    `link set ${LABEL} up`,
  );
  for (const line of ["link set lo up", `addr add ${HOST_IP}/29 dev eth0`, "link set eth0 up"]) {
    await inside(line);
  }
  const [email, password] = ["ada@example.com", crypto.randomUUID()];
  server = await startTestServer({
    WRENN_LISTEN: `${SERVER_IP}:0`,
    WRENN_MONITOR_MS: "200",
    // Others could reach this one: the first account is not open to whoever comes first.
    WRENN_ADMIN_EMAIL: email,
    WRENN_ADMIN_PASSWORD: password,
  });
  const signedIn = await call<SignInBody>(server.url, "/v1/auth/login", { body: { email, password } });
  ({ token } = signedIn.body);
}, 900_000);
afterAll(async () => {
  agent?.kill("SIGKILL");
  await agent?.exited;
  await server?.stop();
  await run(["nsenter", `--net=/run/netns/${LABEL}`, executable, "clear", "--dir", directory]);
  await ip(`link del ${LABEL}`, `netns del ${LABEL}`);
  await removeDirectory(directory);
}, 60_000);

test("it finds its own address, and the server dials it while it registers", async () => {
  const made = await call<{ host: { id: string }; registration: { token: string } }>(
    server.url,
    "/v1/hosts",
    { token, body: { name: "box" } },
  );
  hostId = made.body.host.id;
  const registering = inNamespace(["register", "--server", server.url], {
    WRENN_REGISTRATION_TOKEN: made.body.registration.token,
  });
  expect(await new Response(registering.stdout).text()).toBe(
    `registered as ${hostId}; the server will dial https://${HOST_IP}:7070\n`,
  );
  expect(await registering.exited).toBe(0);
  expect(await seen()).toMatchObject({ reachable: true, address: `https://${HOST_IP}:7070` });
  agent = inNamespace(["run"]);
  await waitFor("the host is online", async () => (await seen()).status === "online", 60_000);
  await waitFor("the host is reachable", async () => (await seen()).reachable);
}, 120_000);

/** What the server has pinned, and what else could stand there. */
const pinned = async (): Promise<string> => {
  const id = parseHostId(hostId);
  const [row] = await server.database.sql<
    { tls_cert: string }[]
  >`select tls_cert from hosts where id = ${id}`;
  return row?.tls_cert ?? "";
};
const get = (address: string, ca: string) =>
  fetch(`${address}/`, { tls: { ca, checkServerIdentity: () => undefined }, keepalive: false });

describe("the certificate", () => {
  test("is the pinned one, and another is refused", async () => {
    expect((await get(`https://${HOST_IP}:7070`, await pinned())).status).toBe(404);
    const other = makeCertificate(HOST_IP ?? "");
    await expect(get(`https://${HOST_IP}:7070`, other.cert)).rejects.toThrow();
    await expect(fetch(`http://${HOST_IP}:7070/`, { keepalive: false })).rejects.toThrow();
  });

  test("of somebody else who took over the address keeps the server away, and says so", async () => {
    agent.kill("SIGKILL");
    await agent.exited;
    const { cert, key } = makeCertificate(HOST_IP ?? "");
    // The whole of a host but for its key: it answers as one would.
    const impostor = Bun.spawn(["nsenter", `--net=/run/netns/${LABEL}`, process.execPath, "-e", IMPOSTOR], {
      env: { CERT: cert, KEY: key, HOST_IP },
      stdout: "pipe",
      stderr: "inherit",
    });
    try {
      await impostor.stdout.getReader().read();
      await expect(get(`https://${HOST_IP}:7070`, await pinned())).rejects.toThrow();
      // What was open to the host before is closed with it; the next look is a new connection.
      await waitFor(
        "the server to notice",
        async () => {
          const { reachable, status } = await seen();
          return !reachable || status !== "online";
        },
        20_000,
      );
    } finally {
      impostor.kill("SIGKILL");
      await impostor.exited;
    }
    agent = inNamespace(["run"]);
    await waitFor("the host is back", async () => (await seen()).reachable, 60_000);
  }, 120_000);
});

const IMPOSTOR = `
  Bun.serve({ hostname: process.env.HOST_IP, port: 7070, tls: { cert: process.env.CERT, key: process.env.KEY },
    fetch: () => Response.json({}, { headers: { "content-type": "application/proto" } }) });
  console.log("ready");
  await new Promise(() => {});
`;

describe("a call's token", () => {
  const list = async (bearer: string) => {
    const ca = await pinned();
    const client = createClient(
      HostService,
      createConnectTransport({
        baseUrl: `https://${HOST_IP}:7070`,
        useBinaryFormat: true,
        fetch: Object.assign(
          (url: URL | RequestInfo, init?: RequestInit) =>
            fetch(url, { ...init, tls: { ca, checkServerIdentity: () => undefined } }),
          { preconnect: fetch.preconnect },
        ),
      }),
    );
    return client.listSandboxes({}, { headers: { authorization: `Bearer ${bearer}` } });
  };
  const keys = () => server.server.services.settings;
  const sign = (
    claims: { aud?: string; lifetimeSec?: number; iat?: number },
    key = keys().callKey.privateKey,
  ) => {
    const { aud = parseHostId(hostId) ?? "", lifetimeSec = 60 } = claims;
    const iat = claims.iat ?? Math.floor(Date.now() / 1_000);
    return new SignJWT({})
      .setProtectedHeader({ alg: "EdDSA" })
      .setIssuer(keys().instanceId)
      .setAudience(aud)
      .setIssuedAt(iat)
      .setExpirationTime(iat + lifetimeSec)
      .sign(key);
  };

  test("of the server for this host is taken", async () => {
    const tokens = new CallTokens(keys().callKey.privateKey, keys().instanceId);
    expect((await list(await tokens.forHost(parseHostId(hostId) ?? ""))).sandboxes).toEqual([]);
  });

  test.each<[string, () => Promise<string>]>([
    ["another host's", () => sign({ aud: newId() })],
    ["the prefixed id's", () => sign({ aud: hostId })],
    ["one that ended", () => sign({ iat: Math.floor(Date.now() / 1_000) - 120 })],
    ["one that lives for an hour", () => sign({ lifetimeSec: 3_600 })],
    ["another instance's", async () => sign({}, (await generateKeyPair("EdDSA")).privateKey)],
    ["the host's own", async () => (await Bun.file(`${directory}/host-credentials.json`).json()).token],
    ["no token", async () => ""],
  ])("that is %s is refused", async (_what, make) => {
    await expect(list(await make())).rejects.toThrow("unauthenticated");
  });
});

test("a host that moves tells its new address, and the server follows", async () => {
  await inside(`addr del ${HOST_IP}/29 dev eth0`);
  await inside(`addr add ${OTHER_IP}/29 dev eth0`);
  await waitFor("the new address", async () => (await seen()).address === `https://${OTHER_IP}:7070`, 60_000);
  const id = parseHostId(hostId) ?? "";
  const endpoint = { id, address: `https://${OTHER_IP}:7070`, tlsCert: await pinned() };
  const { agentVersion } = await server.server.services.hosts.hosts.client(endpoint).getHostStatus({});
  expect(agentVersion).not.toBe("");
  await waitFor("the host is reachable there", async () => (await seen()).reachable, 30_000);
}, 120_000);
