/** The server as a process: starts, refuses with a sentence, stops on a signal, and shares a database. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";

import { loadSettings } from "../../server/settings.ts";
import { createEmptyDatabase, createTestDatabase } from "../support/database.ts";
import type { TestDatabase } from "../support/database.ts";
import { call } from "../support/server.ts";
import { waitFor } from "../support/wait-for.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const spawnServer = (env: Record<string, string>) =>
  Bun.spawn([process.execPath, "--no-env-file", "server/main.ts"], {
    cwd: join(import.meta.dir, "../.."),
    env: { ...process.env, WRENN_LISTEN: "127.0.0.1:0", ...env },
    stdout: "pipe",
    stderr: "pipe",
    timeout: 60_000,
    killSignal: "SIGKILL",
  });

type Line = Record<string, unknown>;

/** Reads log lines until the process says that it listens, and then goes away: the server must bear that. */
const readUntilListening = async (child: ReturnType<typeof spawnServer>): Promise<string> => {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of child.stderr) {
    text += decoder.decode(chunk, { stream: true });
    const lines = text.split("\n").slice(0, -1);
    const listening = lines
      .map((line): Line => JSON.parse(line))
      .find(({ message }) => message === "listening");
    if (listening) return String(listening["url"]);
  }
  throw new Error(`the server ended: ${text}`);
};

describe("the process", () => {
  test("migrates, listens, and ends cleanly on SIGTERM, finishing what is under way", async () => {
    const empty = await createEmptyDatabase();
    const child = spawnServer({ DATABASE_URL: empty.url });
    const url = await readUntilListening(child);
    expect((await call(url, "/ready")).status).toBe(200);
    const underWay = call(url, "/v1/auth/signup", {
      body: { email: "a@example.com", password: "a fine long sentence", name: "A" },
    });
    await waitFor("the request", async () => {
      const { body } = await call(url, "/metrics");
      return String(body["text"]).includes('route="/metrics"');
    });
    child.kill("SIGTERM");
    expect((await underWay).status).toBe(201);
    expect(await child.exited).toBe(0);
    await empty.drop();
  }, 60_000);

  test.each([
    [{ WRENN_LISTEN: "nonsense" }, "WRENN_LISTEN: expected address:port"],
    [{ DATABASE_URL: "" }, "DATABASE_URL: is not set"],
    [{ DATABASE_URL: "postgres://x@127.0.0.1:1/x" }, "DATABASE_URL: the database cannot be reached"],
    [{ WRENN_TLS_CERT: "/nowhere.pem", WRENN_TLS_KEY: "/nowhere.pem" }, "WRENN_TLS_CERT"],
  ])("refuses %p with a sentence", async (env, sentence) => {
    const child = spawnServer({ DATABASE_URL: database.url, ...env });
    const [stderr, code] = await Promise.all([new Response(child.stderr).text(), child.exited]);
    expect(code).toBe(1);
    expect(stderr).toContain(sentence);
    expect(stderr).toContain("the server could not start");
  });

  test("a port in use is said", async () => {
    const other = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response() });
    const address = `127.0.0.1:${other.port}`;
    const child = spawnServer({ DATABASE_URL: database.url, WRENN_LISTEN: address });
    const [stderr, code] = await Promise.all([new Response(child.stderr).text(), child.exited]);
    await other.stop(true);
    expect(code).toBe(1);
    expect(stderr).toContain(`WRENN_LISTEN: ${address} is in use`);
  });
});

test("twenty servers starting at once agree on one identity and one set of keys", async () => {
  const fresh = await createTestDatabase();
  const all = await Promise.all(Array.from({ length: 20 }, () => loadSettings(fresh.sql)));
  const told = all.map(({ instanceId, userTokenKey, trafficKey, callKey }) =>
    JSON.stringify([instanceId, [...userTokenKey], [...trafficKey], callKey.publicJwk]),
  );
  expect(new Set(told).size).toBe(1);
  expect(all[0]?.callKey.publicJwk).not.toHaveProperty("d");
  await fresh.drop();
});
