/** A team's host that lies: what it says of things that are not its own counts for nothing. */
import { afterAll, beforeAll, expect, test } from "bun:test";

import { timestampFromDate } from "@bufbuild/protobuf/wkt";

import { parseSandboxId, parseTeamId } from "../../proto/ids.ts";
import { call, createKey, signUp, startTestServer } from "../support/server.ts";
import type { AnyBody, TestPerson, TestServer } from "../support/server.ts";
import { StandInHost } from "../support/stand-in-host.ts";
import { waitFor } from "../support/wait-for.ts";

let server: TestServer;
let platformAdmin: TestPerson;
let honest: StandInHost;
let liar: StandInHost;
let victim: TestPerson;
let sandboxId: string;
beforeAll(async () => {
  server = await startTestServer({ WRENN_MONITOR_MS: "50" });
  platformAdmin = await signUp(server.url);
  honest = await StandInHost.join(server.url, platformAdmin.token);
  victim = await signUp(server.url, "Victim");
  const apiKey = await createKey(server.url, victim);
  const made = await call<AnyBody & { id: string }>(server.url, "/v1/sandboxes", {
    apiKey,
    body: { template: "minimal" },
  });
  sandboxId = made.body.id;
  const thief = await signUp(server.url, "Thief");
  await call(server.url, `/v1/admin/teams/${thief.teamId}/byoc`, {
    token: platformAdmin.token,
    method: "PUT",
    body: { enabled: true },
  });
  liar = await StandInHost.join(server.url, thief.token, {}, { type: "byoc" });
});
afterAll(async () => {
  await Promise.all([honest.stop(), liar.stop()]);
  await server.stop();
});

const rounds = async (host: StandInHost): Promise<void> => {
  host.calls.length = 0;
  await waitFor("two rounds of the monitor", () => {
    return host.calls.filter((name) => name === "listSandboxes").length >= 3;
  });
};

const rowOf = async () => {
  const [row] = await server.database.sql`
    select status, status_reason, expires_at, last_active_at from sandboxes where id = ${parseSandboxId(sandboxId)}`;
  return row;
};

test("about someone else's sandbox: its row stays as its own host says", async () => {
  await rounds(honest);
  const before = await rowOf();
  Object.assign(liar.set(sandboxId, {}), { expiresAt: timestampFromDate(new Date(1_000)) });
  await rounds(liar);
  expect(await rowOf()).toEqual(before);
  await liar.beat([{ sandbox_id: sandboxId, status: "ended", reason: "gone" }]);
  await rounds(liar);
  expect(await rowOf()).toEqual(before);
});

test("about someone else's template: it is not listed as a holder, and hears nothing of its end", async () => {
  const made = await call(server.url, "/v1/snapshots", {
    token: victim.token,
    body: { sandbox_id: sandboxId, name: "mine" },
  });
  expect(made.status).toBe(201);
  const [template] = await server.database.sql`select id from templates where name = 'mine'`;
  liar.templates.push({ team_id: parseTeamId(victim.teamId) ?? "", template_id: String(template?.["id"]) });
  await liar.beat();
  const seen = await call(server.url, "/v1/templates/mine", { token: victim.token });
  expect(seen.body["hosts"]).toBe(1);
  await call(server.url, `/v1/sandboxes/${sandboxId}`, { token: victim.token, method: "DELETE" });
  const ended = await call(server.url, "/v1/snapshots/mine", { token: victim.token, method: "DELETE" });
  expect(ended.status).toBe(204);
  await waitFor("its holder to be told", () => honest.calls.includes("deleteTemplate"));
  await liar.beat();
  await rounds(liar);
  expect(liar.calls).not.toContain("deleteTemplate");
});
