/** Streams of events that break off, fall behind or come back, and commits in any order. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { connect, type Socket } from "node:net";

import type { Tx } from "../../db/sql.ts";
import { newId, parseTeamId } from "../../proto/ids.ts";
import { EventStream } from "../support/event-stream.ts";
import { insertSandboxRows, newSandboxId } from "../support/sandbox-rows.ts";
import { type AnyBody, call, signUp, startTestServer } from "../support/server.ts";
import type { TestPerson, TestServer } from "../support/server.ts";
import { StandInHost } from "../support/stand-in-host.ts";
import { waitFor } from "../support/wait-for.ts";

setDefaultTimeout(60_000);

let server: TestServer;
let platformAdmin: TestPerson;
let owner: TestPerson;
beforeAll(async () => {
  server = await startTestServer();
  platformAdmin = await signUp(server.url);
  owner = await signUp(server.url);
});
afterAll(() => server.stop());

const listen = (lastEventId?: string, person = owner) =>
  EventStream.open(server.url, { token: person.token, ...(lastEventId !== undefined && { lastEventId }) });

const makeKey = async (person = owner): Promise<string> => {
  const answer = await call<AnyBody & { id: string }>(server.url, "/v1/api-keys", {
    token: person.token,
    body: { name: "k" },
  });
  return answer.body.id;
};

const rename = (tx: Tx, name: string) =>
  tx`update teams set name = ${name} where id = ${parseTeamId(owner.teamId)}`;
/** A change that keeps nobody else waiting. */
const addTemplate = (tx: Tx, name: string, person = owner) => tx`
  insert into templates (id, team_id, name, type, vcpus, memory_mb, disk_size_mb)
  values (${newId()}, ${parseTeamId(person.teamId)}, ${name}, 'snapshot', 1, 512, 5120)`;
const isNamed = (stream: EventStream, name: string): boolean =>
  stream.named("template").some(({ data }) => data.resource?.["name"] === name);

/** Begins a transaction with `work` in it; `commit` ends it. */
const hold = async (work: (tx: Tx) => Promise<unknown>): Promise<{ commit: () => Promise<void> }> => {
  const begun = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const over = server.database.ownerSql.begin(async (tx) => {
    await work(tx);
    begun.resolve();
    await released.promise;
  });
  await Promise.race([begun.promise, over]);
  return {
    commit: async () => {
      released.resolve();
      await over;
    },
  };
};

test("goes on where it broke off: what happened meanwhile, in order, and nothing from before", async () => {
  const before = await listen();
  const known = await makeKey();
  await before.told("key", known);
  await before.close();
  const missed = [await makeKey(), await makeKey()];
  const other = await signUp(server.url);
  await makeKey(other);
  await using after = await listen(before.lastId);
  expect(after.events[0]).toEqual({ event: "ready", data: { resumed: true } });
  await after.told("key", missed[1] ?? "");
  expect(after.named("key").map(({ data }) => data.id)).toEqual(missed);
  const next = await makeKey();
  await after.told("key", next);
});

test("a thing that changed many times meanwhile comes once, as it is now; one that is gone, as that", async () => {
  const before = await listen();
  await before.close();
  const { sql } = server.database;
  const gone = await makeKey();
  await sql`update api_keys set revoked_at = now() where id = ${gone.slice("key-".length)}`;
  for (const name of ["One", "Two", "Three"]) await sql.begin((tx) => rename(tx, name));
  await using after = await listen(before.lastId);
  await after.told("key", gone, "deleted");
  expect(after.named("team").map(({ data }) => data.resource?.["name"])).toEqual(["Three"]);
});

test("a commit that is late, of a transaction that began before what is known, is not skipped", async () => {
  const late = await hold((tx) => addTemplate(tx, "late"));
  const before = await listen();
  await before.told("key", await makeKey());
  await before.close();
  await late.commit();
  await using after = await listen(before.lastId);
  await after.next("the late commit", () => isNamed(after, "late"));
  // Nor is it on a stream that stays.
  const later = await hold((tx) => addTemplate(tx, "later"));
  await after.told("key", await makeKey());
  await later.commit();
  await after.next("the later commit", () => isNamed(after, "later"));
});

test("who commits while another rings does not ring, and is heard all the same", async () => {
  await using stream = await listen();
  const ring = async (tx: Tx, name: string, person: TestPerson): Promise<void> => {
    await addTemplate(tx, name, person);
    // What otherwise happens at the commit.
    await tx`set constraints all immediate`;
  };
  const other = await signUp(server.url);
  const ringer = await hold((tx) => ring(tx, "ringer", other));
  const silent = await hold((tx) => ring(tx, "silent", owner));
  await ringer.commit();
  await silent.commit();
  await stream.next("the silent commit", () => isNamed(stream, "silent"), 3_000);
});

test("of many who commit at once, each is told, once", async () => {
  await using stream = await listen();
  const { sql } = server.database;
  const names = Array.from({ length: 300 }, (_, index) => `crowd-${index}`);
  await Promise.all(names.map((name) => sql.begin((tx) => addTemplate(tx, name))));
  await waitFor("all of them", () => names.every((name) => isNamed(stream, name)), 3_000, 50);
  expect(stream.named("template")).toHaveLength(names.length);
});

test.each([
  [
    "more than ten minutes ago",
    "too_old",
    (id: string) => id.replace(/^\d+/, (at) => String(Number(at) - 601_000)),
  ],
  ["of a time to come", "unknown", (id: string) => id.replace(/\d+:$/, "99999999999:")],
  ["of another database", "unknown", (id: string) => id.replace(/-\d+-/, "-1-")],
  ["that nobody gave out", "unknown", () => "17"],
])("a place %s cannot be gone on from: %s", async (_, reason, change) => {
  const before = await listen();
  // An event at a moment when nothing is under way, in the databases of other tests on this server neither.
  const isQuiet = async (): Promise<boolean> => {
    const known = await before.told("key", await makeKey());
    expect(known.event).toBe("key");
    return /:\d+:$/.test(before.lastId);
  };
  await waitFor("nothing is under way", isQuiet, 20_000, 20);
  await before.close();
  await using after = await listen(change(before.lastId));
  expect(after.events[0]).toEqual({ event: "resync", data: { reason } });
  // And is a stream like any other.
  await after.told("key", await makeKey());
  await after.close();
  await using again = await listen(after.lastId);
  expect(again.events[0]).toEqual({ event: "ready", data: { resumed: true } });
});

/** A client that asks and then does not read. */
const openUnread = async (token: string): Promise<Socket> => {
  const { hostname, port } = new URL(server.url);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.pause();
  await new Promise((resolve) => socket.once("connect", resolve));
  socket.write(`GET /v1/events HTTP/1.1\r\nHost: ${hostname}\r\nAuthorization: Bearer ${token}\r\n\r\n`);
  return socket;
};

test("who does not read holds up nobody, takes bounded memory, and is told to fetch anew", async () => {
  const person = await signUp(server.url);
  const host = await StandInHost.join(server.url, platformAdmin.token);
  const { limits } = server.server.services.eventStreams;
  const others = limits.total;
  const socket = await openUnread(person.token);
  await waitFor("it is served", () => limits.total === others + 1);
  await using reader = await listen(undefined, person);
  const ids = Array.from({ length: 3_000 }, newSandboxId);
  const teamId = person.teamId;
  await insertSandboxRows(server.database.sql, { ids, teamId, hostId: host.id, status: "stopped" });
  // Several times what the sockets between and the queue hold.
  for (let round = 1; round <= 12; round += 1) {
    await reader.count("sandbox", 3_000);
    reader.events.length = 0;
    await server.database.sql`
      update sandboxes set status_reason = ${String(round)} where team_id = ${parseTeamId(teamId)}`;
  }
  await reader.count("sandbox", 3_000);

  let text = "";
  socket.on("data", (data) => (text = (text + String(data)).slice(-4_000)));
  socket.resume();
  await waitFor("it is told", () => text.includes('event: resync\ndata: {"reason":"slow"}'), 20_000);
  const key = await makeKey(person);
  await waitFor("it goes on", () => text.includes(key));
  socket.destroy();
  await waitFor("it is given up", () => limits.total === others + 1);
  await host.stop();
});

test("rights are read again at intervals: nothing tells of a session that runs out", async () => {
  const other = await startTestServer({ WRENN_RECHECK_MS: "50" });
  const person = await signUp(other.url);
  const stream = await EventStream.open(other.url, { token: person.token });
  await other.database.sql`update sessions set expires_at = now()`;
  await stream.ends();
  expect(stream.events.at(-1)).toMatchObject({ event: "auth", data: { error: { code: "unauthorized" } } });
  await other.stop();
});

test("the end of a server ends its streams, at once", async () => {
  const other = await startTestServer();
  const person = await signUp(other.url);
  const streams = await Promise.all(
    [1, 2, 3].map(() => EventStream.open(other.url, { token: person.token })),
  );
  const startedMs = performance.now();
  await other.stop();
  await Promise.all(streams.map((stream) => stream.ends()));
  expect(performance.now() - startedMs).toBeLessThan(5_000);
  expect(streams.map(({ events }) => events.map(({ event }) => event))).toEqual([
    ["ready"],
    ["ready"],
    ["ready"],
  ]);
});

test("a session of the server with its database that is cut off is made anew, and nothing is missed", async () => {
  await using stream = await listen();
  const cut = await server.database.ownerSql`
    select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and application_name = 'wrenn events'`;
  expect(cut.length).toBeGreaterThan(0);
  const key = await makeKey();
  await stream.told("key", key);
  expect(stream.events.map(({ event }) => event)).not.toContain("resync");
});
