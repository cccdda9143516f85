/** What the streams of events tell, and to whom: changes made on one server, heard on another. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";

import { SERVER_ROLE } from "../../db/role.ts";
import { connectDatabase } from "../../db/sql.ts";
import { newId, parseSandboxId, parseTeamId } from "../../proto/ids.ts";
import { readConfig } from "../../server/config.ts";
import { createLog } from "../../server/log.ts";
import { startServer } from "../../server/start.ts";
import type { RunningServer } from "../../server/start.ts";
import { EventStream } from "../support/event-stream.ts";
import { insertSandboxRows, newSandboxId } from "../support/sandbox-rows.ts";
import { addMember, type AnyBody, call, signUp, startTestServer, switchTeam } from "../support/server.ts";
import type { TestPerson, TestServer } from "../support/server.ts";
import { StandInHost } from "../support/stand-in-host.ts";

setDefaultTimeout(60_000);

/** Where things are changed. */
let first: TestServer;
/** Where they are heard of. */
let second: RunningServer;
let platformAdmin: TestPerson;
let owner: TestPerson;
beforeAll(async () => {
  first = await startTestServer();
  const config = readConfig({
    WRENN_LISTEN: "127.0.0.1:0",
    WRENN_RATE_LIMITS: "off",
    DATABASE_URL: first.database.url,
  });
  const sql = connectDatabase({
    url: first.database.url,
    applicationName: "second server",
    role: SERVER_ROLE,
  });
  second = await startServer({ config, sql, log: createLog(() => {}) });
  platformAdmin = await signUp(first.url);
  owner = await signUp(first.url);
});
afterAll(async () => {
  await second.stop();
  await first.stop();
});

interface Made extends AnyBody {
  id: string;
}

const change = async (
  person: Pick<TestPerson, "token">,
  path: string,
  options: { method?: string; body?: unknown } = {},
) => {
  const answer = await call<Made>(first.url, path, { token: person.token, ...options });
  if (answer.status >= 300) throw new Error(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
};
const listen = (person: Pick<TestPerson, "token">, lastEventId?: string) =>
  EventStream.open(second.url, {
    token: person.token,
    ...(lastEventId !== undefined && { lastEventId }),
  });
const listenAsAdmin = () =>
  EventStream.open(second.url, { token: platformAdmin.token, path: "/v1/admin/events" });

/** Something everyone in the team hears of: what came before it has been told when it is. */
const mark = async (person: TestPerson, streams: readonly EventStream[]): Promise<string> => {
  const { id } = await change(person, "/v1/api-keys", { body: { name: "mark" } });
  await Promise.all(streams.map((stream) => stream.told("key", id)));
  return id;
};

describe("to the people of a team", () => {
  test("begins with ready, as a stream that nothing keeps", async () => {
    const response = await fetch(`${second.url}/v1/events`, {
      headers: { authorization: `Bearer ${owner.token}` },
    });
    expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    expect(response.headers.get("cache-control")).toBe("no-store");
    await response.body?.cancel();
    await using stream = await listen(owner);
    expect(stream.events[0]).toEqual({ event: "ready", data: { resumed: false } });
  });

  test("a key: made, used up, as its GET shows it", async () => {
    await using stream = await listen(owner);
    const made = await change(owner, "/v1/api-keys", { body: { name: "for CI" } });
    const { data } = await stream.told("key", made.id, "created");
    const listed = await call<{ items: Made[] }>(first.url, "/v1/api-keys", { token: owner.token });
    expect(data.resource).toEqual(listed.body.items.find(({ id }) => id === made.id) ?? {});
    await change(owner, `/v1/api-keys/${made.id}`, { method: "DELETE" });
    expect((await stream.told("key", made.id, "deleted")).data.resource).toBeNull();
  });

  test("people: added, another role, another name, removed", async () => {
    await using stream = await listen(owner);
    const person = await addMember(first.url, owner);
    const added = await stream.told("member", person.userId, "created");
    expect(added.data.resource).toMatchObject({
      user_id: person.userId,
      role: "member",
      email: person.email,
    });
    const member = `/v1/teams/${owner.teamId}/members/${person.userId}`;
    await change(owner, member, { method: "PATCH", body: { role: "admin" } });
    await stream.next("the role", ({ data }) => data.resource?.["role"] === "admin");
    await change(person, "/v1/me", { method: "PATCH", body: { name: "Grace" } });
    await stream.next("the name", ({ data }) => data.resource?.["name"] === "Grace");
    await change(owner, member, { method: "DELETE" });
    await stream.told("member", person.userId, "deleted");
  });

  test("the team's own name", async () => {
    await using stream = await listen(owner);
    await change(owner, `/v1/teams/${owner.teamId}`, { method: "PATCH", body: { name: "Compilers" } });
    const told = await stream.told("team", owner.teamId, "updated");
    expect(told.data.resource).toMatchObject({ name: "Compilers", is_byoc: false });
  });

  test("that they joined or left another team", async () => {
    const person = await signUp(first.url);
    await using stream = await listen(person);
    const other = await signUp(first.url);
    const members = `/v1/teams/${other.teamId}/members`;
    await change(other, members, { body: { email: person.email } });
    expect((await stream.next("joined", ({ event }) => event === "teams")).data).toEqual({
      team_id: other.teamId,
    });
    await change(other, `${members}/${person.userId}`, { method: "DELETE" });
    await stream.count("teams", 2);
    expect(stream.events.map(({ event }) => event)).toEqual(["ready", "teams", "teams"]);
  });

  test("sandboxes through their lives, as their GETs show them, and the audit trail", async () => {
    const host = await StandInHost.join(first.url, platformAdmin.token);
    await using stream = await listen(owner);
    const { id } = await change(owner, "/v1/sandboxes", {
      body: { template: "minimal", metadata: { job: "x" } },
    });
    await stream.next("it runs", ({ data }) => data.id === id && data.resource?.["status"] === "running");
    const paused = await change(owner, `/v1/sandboxes/${id}/pause`, { method: "POST" });
    const told = await stream.next(
      "it is paused",
      ({ data }) => data.id === id && data.resource?.["status"] === "paused",
    );
    expect(told.data.resource).toEqual(paused);
    await stream.next(
      "the audit trail",
      ({ event, data }) => event === "audit" && data.resource?.["action"] === "pause",
    );
    await change(owner, `/v1/sandboxes/${id}`, { method: "DELETE" });
    await stream.next("its end", ({ data }) => data.id === id && data.resource?.["status"] === "stopped");
    await host.stop();
  });

  test("what is for owner and admins only while they are", async () => {
    const person = await addMember(first.url, owner);
    await using member = await listen(person);
    await using boss = await listen(owner);
    const isAddition = (email: string) => (stream: EventStream) =>
      stream.named("audit").some(({ data }) => JSON.stringify(data.resource?.["metadata"]).includes(email));
    const before = await addMember(first.url, owner);
    await mark(owner, [member, boss]);
    expect(isAddition(before.email)(boss)).toBe(true);
    expect(isAddition(before.email)(member)).toBe(false);
    const path = `/v1/teams/${owner.teamId}/members/${person.userId}`;
    await change(owner, path, { method: "PATCH", body: { role: "admin" } });
    const during = await addMember(first.url, owner);
    await mark(owner, [member]);
    expect(isAddition(during.email)(member)).toBe(true);
    await change(owner, path, { method: "PATCH", body: { role: "member" } });
    const after = await addMember(first.url, owner);
    await mark(owner, [member, boss]);
    expect(isAddition(after.email)(boss)).toBe(true);
    expect(isAddition(after.email)(member)).toBe(false);
  });

  test("nothing of another team, of the platform, or of its admins", async () => {
    const others = await signUp(first.url);
    await using theirs = await listen(others);
    await using ours = await listen(owner);
    const host = await StandInHost.join(first.url, platformAdmin.token);
    await change(owner, "/v1/sandboxes", { body: { template: "minimal" } });
    await addMember(first.url, owner, "admin");
    await mark(owner, [ours]);
    const theirKey = await mark(others, [theirs]);
    const about = theirs.events.flatMap(({ event, data }) =>
      event === "key" || event === "audit" || event === "ready" ? [] : [`${event} ${data.id}`],
    );
    expect(about.filter((what) => !what.startsWith("template "))).toEqual([]);
    expect(theirs.named("key").map(({ data }) => data.id)).toEqual([theirKey]);
    expect(theirs.named("audit").map(({ data }) => data.resource?.["resource_id"])).toEqual([theirKey]);
    expect(ours.named("host")).toEqual([]);
    await host.stop();
  });

  test("the team's own hosts", async () => {
    const people = await signUp(first.url);
    await change(platformAdmin, `/v1/admin/teams/${people.teamId}/byoc`, {
      method: "PUT",
      body: { enabled: true },
    });
    await using stream = await listen(people);
    const host = await StandInHost.join(first.url, people.token, {}, { type: "byoc" });
    await stream.told("host", host.id, "created");
    await stream.next(
      "it is online",
      ({ data }) => data.id === host.id && data.resource?.["status"] === "online",
    );
    await change(people, `/v1/hosts/${host.id}/drain`, { body: {} });
    await stream.next("it drains", ({ data }) => data.resource?.["draining"] === true);
    await change(people, `/v1/hosts/${host.id}?force=true`, { method: "DELETE" });
    await stream.told("host", host.id, "deleted");
    await host.stop();
  });

  test("three thousand sandboxes that change at once, each once; more are to be fetched", async () => {
    const people = await signUp(first.url);
    const host = await StandInHost.join(first.url, platformAdmin.token);
    await using stream = await listen(people);
    const insert = async (count: number): Promise<string[]> => {
      const ids = Array.from({ length: count }, newSandboxId);
      await insertSandboxRows(first.database.sql, {
        ids,
        teamId: people.teamId,
        hostId: host.id,
        status: "stopped",
      });
      return ids;
    };
    const ids = await insert(3_000);
    await stream.count("sandbox", 3_000);
    expect(stream.named("sandbox").map(({ data }) => data.id)).toEqual(ids);
    await first.database.sql`
      update sandboxes set status_reason = 'again' where team_id = ${parseTeamId(people.teamId)}`;
    await stream.count("sandbox", 6_000);
    await insert(2_001);
    const all = await first.database.sql`
      update sandboxes set status_reason = 'more' where team_id = ${parseTeamId(people.teamId)} returning id`;
    expect(all).toHaveLength(5_001);
    expect((await stream.next("too many", ({ event }) => event === "resync")).data).toEqual({
      reason: "too_many",
    });
    await mark(people, [stream]);
    await host.stop();
  });
});

describe("to platform admins", () => {
  test("hosts of everyone, teams, accounts, the platform's audit trail", async () => {
    await using stream = await listenAsAdmin();
    const host = await StandInHost.join(first.url, platformAdmin.token);
    const told = await stream.next(
      "it is online",
      ({ data }) => data.id === host.id && data.resource?.["status"] === "online",
    );
    expect(told.data.resource).toHaveProperty("team_name", null);
    const person = await signUp(first.url, "Barbara");
    expect((await stream.told("user", person.userId, "created")).data.resource).toMatchObject({
      name: "Barbara",
      is_admin: false,
    });
    await stream.told("team", person.teamId, "created");
    await stream.next(
      "the trail",
      ({ event, data }) => event === "audit" && data.resource?.["action"] === "signup",
    );
    await change(platformAdmin, `/v1/admin/users/${person.userId}`, {
      method: "PUT",
      body: { is_disabled: true },
    });
    await stream.next(
      "disabled",
      ({ data }) => data.id === person.userId && data.resource?.["is_disabled"] === true,
    );
    await host.stop();
    // What is of a team alone is not theirs.
    expect(
      stream.events.filter(({ event }) => ["sandbox", "key", "member", "template"].includes(event)),
    ).toEqual([]);
  });

  test("the monitor's hold, and sandboxes that nobody knows", async () => {
    await using stream = await listenAsAdmin();
    const host = await StandInHost.join(first.url, platformAdmin.token);
    const { sql } = first.database;
    await sql`insert into monitor_holds (id, host_ids) values (${newId()}, ${[newId()]}::uuid[])`;
    await stream.told("monitor", "monitor", "created");
    await change(platformAdmin, "/v1/admin/monitor/release", { method: "POST" });
    await stream.told("monitor", "monitor", "updated");
    const stranger = newSandboxId();
    await sql`
      insert into quarantine (host_id, sandbox)
      values (${host.id.slice("host-".length)}, ${parseSandboxId(stranger)})`;
    await stream.told("quarantine", stranger);
    await host.stop();
  });
});

describe("to whoever loses the right: auth, and the end", () => {
  const expectDismissed = async (stream: EventStream, code: string): Promise<void> => {
    await stream.ends();
    expect(stream.events.at(-1)).toMatchObject({ event: "auth", data: { error: { code } } });
  };

  test("removed from the team: nothing of what happened from then on", async () => {
    const person = await addMember(first.url, owner);
    await using stream = await listen(person);
    await change(owner, `/v1/teams/${owner.teamId}/members/${person.userId}`, { method: "DELETE" });
    await expectDismissed(stream, "not_a_member");
    expect(stream.events.map(({ event }) => event)).toEqual(["ready", "auth"]);
  });

  test("the team is deleted", async () => {
    const person = await signUp(first.url);
    await using stream = await listen(person);
    await change(person, `/v1/teams/${person.teamId}`, { method: "DELETE" });
    await expectDismissed(stream, "not_a_member");
  });

  test("signed out; who only refreshes stays", async () => {
    const person = await signUp(first.url);
    await using stream = await listen(person);
    const refreshed = await call(first.url, "/v1/auth/refresh", {
      method: "POST",
      headers: { cookie: person.cookie },
    });
    expect(refreshed.status).toBe(200);
    await mark(person, [stream]);
    expect(stream.hasEnded).toBe(false);
    await change(person, "/v1/me/sessions", { method: "DELETE" });
    await expectDismissed(stream, "unauthorized");
  });

  test("the account is disabled", async () => {
    const person = await signUp(first.url);
    await using stream = await listen(person);
    await change(platformAdmin, `/v1/admin/users/${person.userId}`, {
      method: "PUT",
      body: { is_disabled: true },
    });
    await expectDismissed(stream, "unauthorized");
  });

  test("no platform admin any more", async () => {
    const person = await signUp(first.url);
    const path = `/v1/admin/users/${person.userId}`;
    await change(platformAdmin, path, { method: "PUT", body: { is_admin: true } });
    await using stream = await EventStream.open(second.url, {
      token: person.token,
      path: "/v1/admin/events",
    });
    await change(platformAdmin, path, { method: "PUT", body: { is_admin: false } });
    await expectDismissed(stream, "admin_only");
  });

  test("a member of two teams goes on in the other", async () => {
    const person = await addMember(first.url, owner);
    const other = await signUp(first.url);
    await change(other, `/v1/teams/${other.teamId}/members`, { body: { email: person.email } });
    await using here = await listen(person);
    await using there = await listen({ token: await switchTeam(first.url, person.token, other.teamId) });
    await change(owner, `/v1/teams/${owner.teamId}/members/${person.userId}`, { method: "DELETE" });
    await expectDismissed(here, "not_a_member");
    await there.next("left the other", ({ event }) => event === "teams");
    await mark(other, [there]);
  });
});

test("a person has a bounded number of streams, and gets one back with each that ends", async () => {
  const person = await signUp(first.url);
  const streams: EventStream[] = [];
  for (let count = 0; count < 20; count += 1) streams.push(await listen(person));
  const refused = await call(second.url, "/v1/events", { token: person.token });
  expect([refused.status, refused.body.error?.code]).toEqual([429, "too_many_streams"]);
  expect(refused.headers.get("retry-after")).toBe("5");
  await streams[0]?.close();
  const { limits } = second.services.eventStreams;
  const open = async (): Promise<EventStream> => {
    for (;;) {
      if (limits.total <= 19) return listen(person);
      await Bun.sleep(5);
    }
  };
  streams.push(await open());
  await Promise.all(streams.map((stream) => stream.close()));
});
