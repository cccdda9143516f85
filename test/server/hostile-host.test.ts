/** A team's own host is run by the team: what it answers must not harm the server. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";

import { SandboxStatus as HostSays } from "../../proto/gen/wrenn/host/v1/host_pb.ts";
import { parseHostId } from "../../proto/ids.ts";
import { endless } from "../support/endless.ts";
import { newSandboxId } from "../support/sandbox-rows.ts";
import { signUp, startTestServer, type TestServer } from "../support/server.ts";
import { StandInHost } from "../support/stand-in-host.ts";
import { waitFor } from "../support/wait-for.ts";

setDefaultTimeout(60_000);

const LIST = "/wrenn.host.v1.HostService/ListSandboxes";
const MOST = 5_000;

let server: TestServer;
let host: StandInHost;
beforeAll(async () => {
  server = await startTestServer({ WRENN_MONITOR_MS: "50" });
  const admin = await signUp(server.url);
  host = await StandInHost.join(server.url, admin.token);
});
afterAll(async () => {
  await host.stop();
  await server.stop();
});

const state = async () => {
  const [row] = await server.database.sql<{ reachable: boolean; reason: string }[]>`
    select reachable, status_reason as reason from hosts where id = ${parseHostId(host.id)}`;
  if (!row) throw new Error("the host has no row");
  return row;
};
const waitUntilBelieved = () => waitFor("the host is believed again", async () => (await state()).reachable);
const count = async () => {
  const [row] = await server.database.sql`select count(*)::int as strangers from quarantine`;
  return row?.["strangers"];
};
const addStrangers = (howMany: number): void => {
  for (let left = howMany; left > 0; left -= 1) host.set(newSandboxId(), { status: HostSays.RUNNING });
};

test("an answer without end is cut, also one that says it failed", async () => {
  for (const status of [200, 500]) {
    const type = status === 200 ? "application/proto" : "application/json";
    const bodies: ReturnType<typeof endless>[] = [];
    host.raw = (path) => {
      if (path !== LIST) return null;
      const long = endless();
      bodies.push(long);
      return new Response(long.body, { status, headers: { "content-type": type } });
    };
    await waitFor("the answer was cut", async () =>
      (await state()).reason.includes("does not answer as a host"),
    );
    expect(Math.max(...bodies.map((body) => body.sentBytes()))).toBeLessThan(16 << 20);
    host.raw = null;
    await waitUntilBelieved();
  }
});

test("a list of more sandboxes than a machine has is not believed, and nothing comes of it", async () => {
  addStrangers(MOST + 1);
  await waitFor("it is not believed", async () => (await state()).reason.includes(`${MOST + 1} sandboxes`));
  expect(await count()).toBe(0);
  expect(host.calls).not.toContain("pauseSandbox");
  host.sandboxes.clear();
  await waitUntilBelieved();
  expect((await state()).reason).toBe("");
});

test("many strangers are paused a few at a time", async () => {
  let [now, most] = [0, 0];
  host.answers.pauseSandbox = async ({ sandboxId }) => {
    now += 1;
    most = Math.max(most, now);
    await Bun.sleep(5);
    now -= 1;
    return { sandbox: host.set(sandboxId, { status: HostSays.PAUSED, memoryKept: true }) };
  };
  addStrangers(200);
  await waitFor("all are paused", () =>
    [...host.sandboxes.values()].every(({ status }) => status === HostSays.PAUSED),
  );
  expect(most).toBeGreaterThan(1);
  expect(most).toBeLessThanOrEqual(20);
  await waitFor("all are kept", async () => (await count()) === 200);
});
