/** `bun run admin` as an operator runs it. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";

import { call, signUp, startTestServer } from "../support/server.ts";
import type { TestPerson, TestServer } from "../support/server.ts";

let server: TestServer;
let person: TestPerson;
beforeAll(async () => {
  server = await startTestServer();
  await signUp(server.url);
  person = await signUp(server.url);
});
afterAll(() => server.stop());

const admin = async (...argv: string[]) => run(argv, server.database.url);

const run = async (argv: string[], databaseUrl: string) => {
  const child = Bun.spawn([process.execPath, "--no-env-file", "server/admin/cli.ts", ...argv], {
    cwd: join(import.meta.dir, "../.."),
    env: { ...process.env, DATABASE_URL: databaseUrl },
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { stdout: stdout.trim(), stderr: stderr.trim(), code };
};

const actionsOn = async (resourceId: string) => {
  const rows = await server.database.sql`
    select action, actor_type from audit_logs where resource_id = ${resourceId} order by seq desc limit 1`;
  return rows[0];
};

describe("bun run admin", () => {
  test("reset-password: the new one works, the old one and all sessions do not", async () => {
    const { code, stdout: password } = await admin("reset-password", person.email.toUpperCase());
    expect(code).toBe(0);
    const logIn = (text: string) =>
      call(server.url, "/v1/auth/login", { body: { email: person.email, password: text } });
    expect((await logIn(password)).status).toBe(200);
    expect((await logIn(person.password)).status).toBe(401);
    expect((await call(server.url, "/v1/me", { token: person.token })).status).toBe(401);
    const rows = await server.database.sql`
      select actor_type from audit_logs where action = 'password_change' and resource_id = ${person.userId}`;
    expect(rows).toMatchObject([{ actor_type: "system" }]);
  });

  test("create-key: a working key of the account's team", async () => {
    const { stdout: apiKey } = await admin("create-key", person.email, "--name", "up");
    const answer = await call(server.url, "/v1/sandboxes", { apiKey });
    expect(answer.status).toBe(200);
    const [row] = await server.database.sql`select name from api_keys`;
    expect(row).toMatchObject({ name: "up" });
  });

  test("grant-admin", async () => {
    expect((await admin("grant-admin", person.email)).code).toBe(0);
    const [row] = await server.database.sql`select is_admin from users where email = ${person.email}`;
    expect(row).toMatchObject({ is_admin: true });
    expect(await actionsOn(person.userId)).toMatchObject({ action: "admin_grant", actor_type: "system" });
  });

  test("says what is wrong", async () => {
    const unknown = await admin("reset-password", "nobody@example.com");
    expect([unknown.code, unknown.stderr]).toEqual([1, "There is no account nobody@example.com."]);
    const team = await admin("create-key", person.email, "--team", "nonsense");
    expect([team.code, team.stderr]).toEqual([1, "team: this is not an id of that kind."]);
    const empty = await run(["reset-password", "a@b.c", "--dir", "/tmp/no-such-directory"], "");
    expect(empty.code).toBe(1);
    expect(empty.stderr).toContain("There is no database in /tmp/no-such-directory/postgres");
    for (const argv of [[], ["dance", "a@b.c"], ["reset-password"], ["reset-password", "a@b.c", "--force"]]) {
      const { code, stderr } = await admin(...argv);
      expect(code).toBe(2);
      expect(stderr).toStartWith("usage: bun run admin");
    }
  });
});
