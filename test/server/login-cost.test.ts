/** What a sign-in costs: the same for every account, and bounded however many come at once. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";

import { parseUserId } from "../../proto/ids.ts";
import { type Argon, Passwords } from "../../server/auth/passwords.ts";
import { createSessions } from "../../server/auth/sessions.ts";
import { ApiError } from "../../server/errors.ts";
import { createUserService } from "../../server/users/service.ts";
import { ServerProcess } from "../support/server-process.ts";
import { call, signUp, startTestServer } from "../support/server.ts";
import type { Answer, TestServer } from "../support/server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

/** The real functions, and what they were called with. */
class CountingArgon implements Argon {
  hashes = 0;
  readonly verifiedAgainst: string[] = [];

  hash(...call: Parameters<Argon["hash"]>): Promise<string> {
    this.hashes += 1;
    return Bun.password.hash(...call);
  }

  verify(password: string, hash: string): Promise<boolean> {
    this.verifiedAgainst.push(hash);
    return Bun.password.verify(password, hash);
  }
}

/** Memory, passes and lanes of a PHC string. */
const parametersOf = (hash: string) => /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$/.exec(hash)?.slice(1);

test("known, unknown, disabled and password-less accounts: one check of equal parameters each, and no hash", async () => {
  const { services } = server.server;
  const { sql } = services;
  const [known, disabled, withoutPassword] = [
    await signUp(server.url),
    await signUp(server.url),
    await signUp(server.url),
  ];
  await sql`update users set disabled_at = now() where id = ${parseUserId(disabled.userId) ?? ""}`;
  await sql`update users set password_hash = null where id = ${parseUserId(withoutPassword.userId) ?? ""}`;
  const unknown = { email: "nobody@example.com", password: known.password };
  const wrong = { ...known, password: "not the one" };

  const costs = await Promise.all(
    [known, wrong, unknown, disabled, withoutPassword].map(async ({ email, password }) => {
      // Each with passwords of its own: the first sign-in of a server costs no more either.
      const argon = new CountingArgon();
      const users = createUserService({
        ...services,
        passwords: new Passwords({ argon }),
        sessions: createSessions(sql),
        sideChannel: services.auditSideChannel,
      });
      const code = await users.logIn({ email, password, userAgent: null }).then(
        () => "signed in",
        (error: unknown) => (error instanceof ApiError ? error.code : String(error)),
      );
      return { code, hashes: argon.hashes, verified: argon.verifiedAgainst.map(parametersOf) };
    }),
  );
  const once = { hashes: 0, verified: [["19456", "2", "1"]] };
  expect(costs).toEqual([
    { code: "signed in", ...once },
    { code: "invalid_credentials", ...once },
    { code: "invalid_credentials", ...once },
    { code: "account_disabled", ...once },
    { code: "invalid_credentials", ...once },
  ]);
});

const LOGINS = 300;
/** Two are checked at a time and two hundred wait. */
const SERVED_AT_LEAST = 202;
/** Two checks hold 19 MiB each; the rest is for 300 requests and the collector's leisure. */
const MAX_GROWTH_MB = 100;
/** A request that stood in the queue would see all of it served before its own answer. */
const MAX_OVERTAKEN = SERVED_AT_LEAST / 8;

/** Most memory the process ever had, and what it has now, in MB. */
const memoryOf = (pid: number) => {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const read = (field: string) =>
    Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(status)?.[1]) / 1024;
  return { peakMb: read("VmHWM"), nowMb: read("VmRSS") };
};

test("300 sign-ins at once: bounded memory, 503 beyond the queue, and others are answered meanwhile", async () => {
  await using process = await ServerProcess.start(server.database.url);
  const { url, pid } = process;
  const person = await signUp(url);
  const attempt = (index: number) =>
    call(url, "/v1/auth/login", {
      body:
        index % 2 === 0
          ? { email: person.email, password: person.password }
          : { email: `nobody-${index}@example.com`, password: "not the one" },
    });
  await Promise.all([attempt(0), attempt(1)]);
  const before = memoryOf(pid);

  const answers: Answer[] = [];
  const attempts = Array.from({ length: LOGINS }, async (_, index) => answers.push(await attempt(index)));
  const served = () => answers.filter(({ status }) => status !== 503).length;
  const overtaken: number[] = [];
  while (answers.length < LOGINS) {
    const servedBefore = served();
    const others = await Promise.all([call(url, "/health"), call(url, "/v1/me", { token: person.token })]);
    expect(others.map(({ status }) => status)).toEqual([200, 200]);
    overtaken.push(served() - servedBefore);
  }
  await Promise.all(attempts);
  const after = memoryOf(pid);

  const busy = answers.filter(({ status }) => status === 503);
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 401, 503]));
  expect(
    new Set(busy.map(({ body, headers }) => `${body.error?.code} ${headers.get("retry-after")}`)),
  ).toEqual(new Set(["busy 1"]));
  expect(served()).toBeGreaterThanOrEqual(SERVED_AT_LEAST);
  expect(overtaken.length).toBeGreaterThan(10);
  expect(Math.max(...overtaken)).toBeLessThan(MAX_OVERTAKEN);
  expect(after.peakMb - before.nowMb).toBeLessThan(MAX_GROWTH_MB);
}, 120_000);
