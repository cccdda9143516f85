/** Where teams may bring hosts of their own to a server that others reach, over HTTP and PostgreSQL. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";

import { makeCertificate } from "../../agent/control/certificate.ts";
import { parseHostId } from "../../proto/ids.ts";
import { call, signUp, startTestServer } from "../support/server.ts";
import type { AnyBody, SignInBody, TestPerson, TestServer } from "../support/server.ts";
import { StandInHost } from "../support/stand-in-host.ts";

setDefaultTimeout(60_000);

interface Made extends AnyBody {
  host: { id: string };
  registration: { token: string };
}
interface Registered extends AnyBody {
  host_id: string;
  token: string;
  unreachable_reason: string;
}

let server: TestServer;
let adminToken: string;
let owner: TestPerson;
beforeAll(async () => {
  const [email, password] = ["ada@example.com", crypto.randomUUID()];
  server = await startTestServer({
    WRENN_LISTEN: "0.0.0.0:0",
    WRENN_SIGNUP: "open",
    WRENN_ADMIN_EMAIL: email,
    WRENN_ADMIN_PASSWORD: password,
  });
  const signedIn = await call<SignInBody>(server.url, "/v1/auth/login", { body: { email, password } });
  adminToken = signedIn.body.token;
  owner = await signUp(server.url, "Owner");
  await call(server.url, `/v1/admin/teams/${owner.teamId}/byoc`, {
    token: adminToken,
    method: "PUT",
    body: { enabled: true },
  });
});
afterAll(() => server.stop());

const FACTS = { agent_version: "0.1.0", accelerator: "emulated", runtime_id: "qemu-7.2" };
const { cert } = makeCertificate("127.0.0.1");

const add = async () =>
  (await call<Made>(server.url, "/v1/hosts", { token: owner.token, body: { name: "own", type: "byoc" } }))
    .body;
const register = (token: string, address: string, tlsCert: string | null = cert) =>
  call<Registered>(server.url, "/v1/hosts/register", {
    body: {
      ...FACTS,
      token,
      arch: "x86_64",
      cpu_cores: 2,
      memory_mb: 4096,
      disk_gb: 50,
      address,
      tls_cert: tlsCert,
    },
  });
const beat = ({ host_id, token }: Registered, address: string) =>
  call(server.url, `/v1/hosts/${host_id}/heartbeat`, {
    token,
    body: { ...FACTS, free_memory_mb: 1, free_disk_mb: 1, running: 0, templates: [], changes: [], address },
  });
const wrong = ({ status, body }: { status: number; body: AnyBody }) => `${status} ${body.error?.field ?? ""}`;

/** This machine's loopback, where nobody listens: what is refused there is said so at once. */
const NOBODY = "https://127.0.0.1:9";

describe("a team's host", () => {
  test.each([
    ["the server's loopback", NOBODY],
    ["cloud metadata", "https://169.254.169.254"],
    ["a name", "https://metadata.example.com"],
  ])("does not register at %s, and its token is not used up", async (_what, address) => {
    const { registration } = await add();
    expect(wrong(await register(registration.token, address))).toBe("400 address");
    // Nobody answers in TEST-NET-1, if it is left at all.
    expect((await register(registration.token, "https://192.0.2.1:7070")).status).toBe(200);
  });

  test("does not move there either, whatever it was before", async () => {
    const { registration } = await add();
    const { body } = await register(registration.token, "https://192.0.2.1:7070");
    const address = async () => {
      const [row] = await server.database.sql<{ address: string; status: string }[]>`
        select address, status from hosts where id = ${parseHostId(body.host_id)}`;
      return `${row?.status} ${row?.address}`;
    };
    expect(wrong(await beat(body, NOBODY))).toBe("400 address");
    expect(await address()).toBe("pending https://192.0.2.1:7070");
    expect(wrong(await beat(body, "https://192.0.2.1:7070"))).toBe("200 ");
    expect(wrong(await beat(body, NOBODY))).toBe("400 address");
    expect(wrong(await beat(body, "http://10.0.0.5:7070"))).toBe("400 address");
    expect(await address()).toBe("online https://192.0.2.1:7070");
    expect(wrong(await beat(body, "https://192.0.2.2:7070"))).toBe("200 ");
    expect(await address()).toBe("online https://192.0.2.2:7070");
  });

  test("is pinned to a certificate of its own", async () => {
    const { registration } = await add();
    const answer = await register(registration.token, "https://192.0.2.1:7070", "no certificate");
    expect(wrong(answer)).toBe("400 tls_cert");
    expect((await register(registration.token, "https://192.0.2.1:7070")).status).toBe(200);
  });
});

describe("the platform's host", () => {
  test("may be anywhere; why it cannot be reached is one sentence, the cause is in the log", async () => {
    const { body } = await call<Made>(server.url, "/v1/hosts", { token: adminToken, body: { name: "box" } });
    const registered = await register(body.registration.token, NOBODY);
    const reason = `the server cannot reach ${NOBODY}: the connection is refused`;
    expect(registered.body.unreachable_reason).toBe(reason);
    const seen = await call(server.url, `/v1/hosts/${body.host.id}`, { token: adminToken });
    expect(seen.body).toMatchObject({ reachable: false, status_reason: reason });
    const logged = server.logs.find(({ host }) => host === parseHostId(body.host.id));
    expect(JSON.stringify(logged?.["error"])).toContain("ECONNREFUSED");
  });

  test("that registered without a certificate does not move to https", async () => {
    const host = await StandInHost.join(server.url, adminToken);
    const registered = { ...host.registration, unreachable_reason: "" };
    expect(wrong(await beat(registered, "https://192.0.2.1:7070"))).toBe("400 address");
    expect((await host.beat()).status).toBe(200);
    await host.stop();
  });
});
