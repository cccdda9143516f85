/** A real server on a free port over a fresh database, and the first things a test does with it. */
import { SERVER_ROLE } from "../../db/role.ts";
import { connectDatabase } from "../../db/sql.ts";
import { readConfig } from "../../server/config.ts";
import type { Environment } from "../../server/config/environment.ts";
import { createLog } from "../../server/log.ts";
import { startServer } from "../../server/start.ts";
import type { RunningServer } from "../../server/start.ts";
import { createTestDatabase } from "./database.ts";
import type { TestDatabase } from "./database.ts";

export interface TestServer {
  /** Base URL. */
  url: string;
  database: TestDatabase;
  server: RunningServer;
  /** What was logged, parsed, oldest first. */
  logs: Record<string, unknown>[];
  stop(): Promise<void>;
}

/**
 * `env` adds to or replaces the configuration; the listener is 127.0.0.1 with a free port. Nothing is limited
 * by rate: tests sign up hundreds of accounts from one address.
 */
export const startTestServer = async (env: Environment = {}): Promise<TestServer> => {
  const database = await createTestDatabase();
  const config = readConfig({
    WRENN_LISTEN: "127.0.0.1:0",
    WRENN_RATE_LIMITS: "off",
    DATABASE_URL: database.url,
    ...env,
  });
  const logs: Record<string, unknown>[] = [];
  const log = createLog((line) => void logs.push(JSON.parse(line)));
  // Its own pool: stopping the server closes it.
  const sql = connectDatabase({ url: database.url, applicationName: "wrenn server", role: SERVER_ROLE });
  const server = await startServer({ config, sql, log });
  const stop = async (): Promise<void> => {
    await server.stop();
    await database.drop();
  };
  return { url: server.url, database, server, logs, stop };
};

/** Any body: an error's fields, or what the caller asserts on. */
export interface AnyBody {
  error?: { code: string; message: string; field?: string; rule?: string };
  [field: string]: unknown;
}

/** Body of every answer that signs in. */
export interface SignInBody extends AnyBody {
  token: string;
  expires_at: string;
  user_id: string;
  team_id: string | null;
  email: string;
  name: string;
  role: string | null;
  is_admin: boolean;
}

export interface Answer<T = AnyBody> {
  status: number;
  headers: Headers;
  body: T;
}

export interface CallOptions {
  method?: string;
  /** Sent as JSON. */
  body?: unknown;
  token?: string;
  apiKey?: string;
  headers?: Record<string, string>;
}

/** One JSON request. `T` is what the test expects of the body; nothing checks it but the test. */
export const call = async <T = AnyBody>(
  base: string,
  path: string,
  options: CallOptions = {},
): Promise<Answer<T>> => {
  const { body, token, apiKey, headers } = options;
  const response = await fetch(`${base}${path}`, {
    method: options.method ?? (body === undefined ? "GET" : "POST"),
    headers: {
      ...(body !== undefined && { "content-type": "application/json" }),
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(apiKey !== undefined && { "x-api-key": apiKey }),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = (response.headers.get("content-type") ?? "").includes("json");
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : { text } };
};

/** A value of `/metrics` without labels; null when there is none. */
export const readMetric = async (base: string, name: string): Promise<number | null> => {
  const text = await (await fetch(`${base}/metrics`)).text();
  const value = new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1];
  return value === undefined ? null : Number(value);
};

/** How many answers there are of each status. */
export const countBy = (answers: readonly Pick<Answer, "status">[]): Record<number, number> => {
  const counts: Record<number, number> = {};
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
};

export interface TestPerson {
  token: string;
  userId: string;
  teamId: string;
  email: string;
  password: string;
  /** `name=value` of the refresh cookie. */
  cookie: string;
}

/** `name=value` of the first Set-Cookie header. */
export const cookieOf = (answer: Answer<unknown>): string =>
  (answer.headers.get("set-cookie") ?? "").split(";")[0] ?? "";

/** Makes an account; the first of a server is its administrator. Throws when refused. */
export const signUp = async (
  base: string,
  name = "Ada",
  email = `${crypto.randomUUID()}@example.com`,
): Promise<TestPerson> => {
  const password = `pass ${crypto.randomUUID()}`;
  const answer = await call<SignInBody>(base, "/v1/auth/signup", { body: { email, password, name } });
  if (answer.status !== 201) throw new Error(`sign-up failed: ${JSON.stringify(answer.body)}`);
  const { token, user_id, team_id } = answer.body;
  if (team_id === null) throw new Error("the new account has no team");
  return { token, userId: user_id, teamId: team_id, email, password, cookie: cookieOf(answer) };
};

/** Text of a new API key of the person's team. */
export const createKey = async (
  base: string,
  person: Pick<TestPerson, "token">,
  request: { name?: string; scopes?: string[]; expires_at?: string } = {},
): Promise<string> => {
  const body = { name: "test", ...request };
  const answer = await call<AnyBody & { key: string }>(base, "/v1/api-keys", { body, token: person.token });
  if (answer.status !== 201) throw new Error(`no key: ${JSON.stringify(answer.body)}`);
  return answer.body.key;
};

/** The person's token for another team they are in. */
export const switchTeam = async (base: string, token: string, teamId: string): Promise<string> => {
  const body = { team_id: teamId };
  const answer = await call<SignInBody>(base, "/v1/auth/switch-team", { token, body });
  if (answer.status !== 200) throw new Error(`no switch: ${JSON.stringify(answer.body)}`);
  return answer.body.token;
};

/** A new account that is in the owner's team; its token is for that team. */
export const addMember = async (
  base: string,
  owner: Pick<TestPerson, "token" | "teamId">,
  role: "admin" | "member" = "member",
): Promise<TestPerson> => {
  const person = await signUp(base, `The ${role}`);
  const body = { email: person.email, role };
  const answer = await call(base, `/v1/teams/${owner.teamId}/members`, { token: owner.token, body });
  if (answer.status !== 201) throw new Error(`not added: ${JSON.stringify(answer.body)}`);
  const token = await switchTeam(base, person.token, owner.teamId);
  return { ...person, token, teamId: owner.teamId };
};
