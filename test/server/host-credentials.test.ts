/** What hosts sign in with, when replies are lost, processes die in between, tokens are stolen, and hosts deleted. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";

import { importJWK, jwtVerify } from "jose";

import { SandboxStatus as HostSays } from "../../proto/gen/wrenn/host/v1/host_pb.ts";
import { parseHostId } from "../../proto/ids.ts";
import { insertSandboxRows, newSandboxId } from "../support/sandbox-rows.ts";
import { ServerProcess } from "../support/server-process.ts";
import { type AnyBody, call, countBy, signUp, startTestServer } from "../support/server.ts";
import type { TestPerson, TestServer } from "../support/server.ts";
import { StandInHost } from "../support/stand-in-host.ts";
import { waitFor } from "../support/wait-for.ts";

setDefaultTimeout(60_000);

/** An advisory lock; any number will do. */
const IN_BETWEEN = 7_265_002;

interface Tokens extends AnyBody {
  token: string;
  refresh_token: string;
}

let server: TestServer;
let admin: TestPerson;
let host: StandInHost;
const hosts: StandInHost[] = [];
beforeAll(async () => {
  server = await startTestServer({ WRENN_MONITOR_MS: "100" });
  admin = await signUp(server.url);
});
afterAll(async () => {
  await Promise.all(hosts.map((one) => one.stop()));
  await server.stop();
});

const join = async (): Promise<StandInHost> => {
  host = await StandInHost.join(server.url, admin.token);
  hosts.push(host);
  return host;
};
const refresh = (refreshToken: string) =>
  call<Tokens>(server.url, "/v1/hosts/auth/refresh", { body: { refresh_token: refreshToken } });
const live = async (id: string) => {
  const rows = await server.database.sql`
    select family_id from host_refresh_tokens where host_id = ${parseHostId(id)} and revoked_at is null`;
  return rows.length;
};
const remove = (id: string, query = "") =>
  call(server.url, `/v1/hosts/${id}${query}`, { token: admin.token, method: "DELETE" });

describe("refresh", () => {
  test("two at once with one token: both are answered, one family with one live token stays", async () => {
    const { registration, id } = await join();
    const answers = await Promise.all([1, 2].map(() => refresh(registration.refresh_token)));
    expect(countBy(answers)).toEqual({ 200: 2 });
    expect(await live(id)).toBe(1);
    // The later of the two took the place of the other.
    const [row] = await server.database.sql`
      select count(distinct family_id)::int as families from host_refresh_tokens
      where host_id = ${parseHostId(id)}`;
    expect(row?.["families"]).toBe(1);
    const used = await server.database.sql<{ token_hash: Buffer }[]>`
      select token_hash from host_refresh_tokens where host_id = ${parseHostId(id)} and revoked_at is null`;
    const winner = answers.find(({ body }) =>
      new Bun.CryptoHasher("sha256")
        .update(body.refresh_token)
        .digest()
        .equals(used[0]?.token_hash ?? Buffer.of()),
    );
    expect((await refresh(winner?.body.refresh_token ?? "")).status).toBe(200);
  });

  test("fifty at once leave one live token", async () => {
    const { registration, id } = await join();
    const answers = await Promise.all(Array.from({ length: 50 }, () => refresh(registration.refresh_token)));
    expect(countBy(answers)).toEqual({ 200: 50 });
    expect(await live(id)).toBe(1);
  });

  test("the server dies between the new token and the end of the old: nothing happened", async () => {
    const { registration, id } = await join();
    const { ownerSql } = server.database;
    await ownerSql.unsafe(`
      create function wait_in_between() returns trigger language plpgsql as $$
      begin perform pg_advisory_xact_lock_shared(${IN_BETWEEN}); return new; end $$;
      create trigger wait_in_between before update of replaced_by on host_refresh_tokens
        for each row execute function wait_in_between()`);
    await using other = await ServerProcess.start(server.database.url);
    const isWaiting = async () => {
      const rows = await ownerSql`
        select from pg_locks where locktype = 'advisory' and objid = ${IN_BETWEEN} and not granted`;
      return rows.length === 1;
    };
    await ownerSql.begin(async (tx) => {
      await tx`select pg_advisory_xact_lock(${IN_BETWEEN})`;
      const lost = call(other.url, "/v1/hosts/auth/refresh", {
        body: { refresh_token: registration.refresh_token },
      }).catch(() => null);
      await waitFor("the new token is written, the old one not revoked", isWaiting);
      await other.crash();
      expect(await lost).toBeNull();
    });
    await ownerSql.unsafe("drop function wait_in_between() cascade");
    expect(await live(id)).toBe(1);
    const again = await refresh(registration.refresh_token);
    expect(again.status).toBe(200);
    expect((await refresh(again.body.refresh_token)).status).toBe(200);
    expect(await live(id)).toBe(1);
  });

  test("a stolen token used after the host has gone on ends the family, for the thief too", async () => {
    const { registration, id } = await join();
    const next = await refresh(registration.refresh_token);
    const afterNext = await refresh(next.body.refresh_token);
    expect((await refresh(registration.refresh_token)).status).toBe(401);
    expect((await refresh(afterNext.body.refresh_token)).status).toBe(401);
    expect(await live(id)).toBe(0);
  });

  test("a thief who was faster is found out when the host comes", async () => {
    const { registration, id } = await join();
    const thiefs = await refresh(registration.refresh_token);
    // Within the time for lost replies the host is heard, and what the thief got is worth nothing.
    const own = await refresh(registration.refresh_token);
    expect(own.status).toBe(200);
    expect((await refresh(thiefs.body.refresh_token)).status).toBe(401);
    expect(await live(id)).toBe(0);
  });
});

describe("registering again", () => {
  test("a host whose credentials died comes back under its own id, with its sandboxes", async () => {
    const { id, registration } = await join();
    const sandbox = newSandboxId();
    host.set(sandbox, { status: HostSays.BUSY });
    await insertSandboxRows(server.database.sql, {
      ids: [sandbox],
      teamId: admin.teamId,
      hostId: id,
      status: "missing",
    });
    await server.database.sql`update hosts set status = 'unreachable' where id = ${parseHostId(id)}`;
    const issued = await call<AnyBody & { token: string }>(server.url, `/v1/hosts/${id}/token`, {
      token: admin.token,
      method: "POST",
    });
    expect(issued.status).toBe(201);
    const again = await call<Tokens & { host_id: string }>(server.url, "/v1/hosts/register", {
      body: {
        token: issued.body.token,
        arch: "x86_64",
        cpu_cores: 8,
        memory_mb: 4096,
        disk_gb: 50,
        address: host.server.url.origin,
        agent_version: "0.2.0",
        accelerator: "emulated",
        runtime_id: "stand-in",
      },
    });
    expect(again.body.host_id).toBe(id);
    // What it had before counts no more.
    expect((await refresh(registration.refresh_token)).status).toBe(401);
    expect(await live(id)).toBe(1);
    Object.assign(host.registration, again.body);
    host.set(sandbox, { status: HostSays.PAUSED, memoryKept: true });
    await host.beat();
    const seen = async () =>
      (await call(server.url, `/v1/sandboxes/${sandbox}`, { token: admin.token })).body["status"];
    await waitFor("its sandbox is back", async () => (await seen()) === "paused");
    const now = await call(server.url, `/v1/hosts/${id}`, { token: admin.token });
    expect(now.body).toMatchObject({ status: "online", cpu_cores: 8 });
  });
});

describe("a deleted host", () => {
  const statementOf = ({ body }: { body: AnyBody }): string =>
    String((body.error as Record<string, unknown> | undefined)?.["statement"]);

  /** The statement as the agent checks it. */
  const verify = async (statement: string) => {
    const key = await importJWK(host.registration.server_public_key, "EdDSA");
    const { instanceId: issuer } = server.server.services.settings;
    const { payload, protectedHeader } = await jwtVerify(statement, key, {
      algorithms: ["EdDSA"],
      typ: "host-deleted+jwt",
      issuer,
      audience: parseHostId(host.id) ?? "",
    });
    expect(protectedHeader).toEqual({ alg: "EdDSA", typ: "host-deleted+jwt" });
    expect(Object.keys(payload).toSorted()).toEqual(["aud", "iat", "iss"]);
    expect(Math.abs((payload.iat ?? 0) - Date.now() / 1000)).toBeLessThan(60);
  };

  test("that was offline learns it by a signed statement, at its beat and at every refresh", async () => {
    const { id, registration } = await join();
    const used = registration.refresh_token;
    const fresh = (await refresh(used)).body.refresh_token;
    await server.database.sql`update hosts set status = 'unreachable' where id = ${parseHostId(id)}`;
    expect((await remove(id)).status).toBe(204);
    const beat = await host.beat();
    expect([beat.status, beat.body.error?.code]).toEqual([410, "host_deleted"]);
    await verify(statementOf(beat));
    await server.database.sql`
      update host_refresh_tokens set expires_at = now() - interval '1 day' where host_id = ${parseHostId(id)}`;
    for (const token of [used, fresh]) {
      const answer = await refresh(token);
      expect([answer.status, answer.body.error?.code]).toEqual([410, "host_deleted"]);
      await verify(statementOf(answer));
    }
  });

  test("one that the database never had is told nothing of the kind", async () => {
    const { id } = await join();
    await server.database.ownerSql`delete from host_templates where host_id = ${parseHostId(id)}`;
    await server.database.ownerSql`delete from host_refresh_tokens where host_id = ${parseHostId(id)}`;
    await server.database.ownerSql`delete from host_registration_tokens where host_id = ${parseHostId(id)}`;
    await server.database.ownerSql`delete from hosts where id = ${parseHostId(id)}`;
    const beat = await host.beat();
    expect([beat.status, beat.body.error?.code]).toEqual([401, "unauthorized"]);
    const answer = await refresh(host.registration.refresh_token);
    expect([answer.status, answer.body.error?.code]).toEqual([401, "invalid_refresh_token"]);
  });

  test("with paused sandboxes is refused without force, and named ahead by the preview", async () => {
    const { id } = await join();
    const ids = [newSandboxId(), newSandboxId()].toSorted();
    for (const sandbox of ids) host.set(sandbox, { status: HostSays.BUSY });
    const of = { teamId: admin.teamId, hostId: id };
    await insertSandboxRows(server.database.sql, { ...of, ids: ids.slice(0, 1), status: "paused" });
    await insertSandboxRows(server.database.sql, { ...of, ids: ids.slice(1), status: "running" });
    const preview = await call(server.url, `/v1/hosts/${id}/delete-preview`, { token: admin.token });
    expect(preview.body).toEqual({ sandbox_ids: ids });
    const refused = await remove(id);
    expect(refused.status).toBe(409);
    expect(refused.body.error).toMatchObject({ code: "host_has_sandboxes", sandbox_ids: ids });
    expect((await remove(id, "?force=true")).status).toBe(204);
    await waitFor("the host let go of both", () => ids.every((sandbox) => !host.sandboxes.has(sandbox)));
    expect((await remove(id)).status).toBe(404);
  });
});
