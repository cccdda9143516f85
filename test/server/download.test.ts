/** The agent as machines download it. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { ConfigError } from "../../server/config/environment.ts";
import { call, signUp, startTestServer, type TestServer } from "../support/server.ts";
import { waitFor } from "../support/wait-for.ts";

const directory = mkdtempSync(join(tmpdir(), "wrenn-download-"));
const path = join(directory, "wrenn-agent");
const CONTENT = crypto.getRandomValues(new Uint8Array(60_000));
const sha256 = (bytes: Uint8Array): string => new Bun.CryptoHasher("sha256").update(bytes).digest("hex");

let server: TestServer;
beforeAll(async () => {
  writeFileSync(path, CONTENT);
  server = await startTestServer({ WRENN_AGENT_FILE: path });
});
afterAll(async () => {
  await server.stop();
  rmSync(directory, { recursive: true });
});

const NAME = "wrenn-agent-linux-x64";
const get = (name: string, headers: Record<string, string> = {}) =>
  fetch(`${server.url}/download/${name}`, { headers });

test("it comes whole, with its length and digest, to anybody", async () => {
  const answer = await get(NAME);
  expect(answer.status).toBe(200);
  expect(Object.fromEntries(answer.headers)).toMatchObject({
    "content-type": "application/octet-stream",
    "content-length": String(CONTENT.length),
    etag: `"${sha256(CONTENT)}"`,
  });
  expect(sha256(await answer.bytes())).toBe(sha256(CONTENT));
  const digest = await get(`${NAME}.sha256`);
  expect(await digest.text()).toBe(`${sha256(CONTENT)}  ${NAME}\n`);
});

test("who has it already is told so", async () => {
  const answer = await get(NAME, { "if-none-match": `"${sha256(CONTENT)}"` });
  expect([answer.status, await answer.text()]).toEqual([304, ""]);
});

test("a new one in its place is given out with its own digest", async () => {
  const next = new TextEncoder().encode("the next version");
  writeFileSync(`${path}.new`, next);
  renameSync(`${path}.new`, path);
  expect(await (await get(NAME)).text()).toBe("the next version");
  expect(await (await get(`${NAME}.sha256`)).text()).toStartWith(sha256(next));
});

test("a file that is gone is an answer like any other, until it is back", async () => {
  renameSync(path, `${path}.away`);
  for (const name of [NAME, `${NAME}.sha256`]) {
    const answer = await call(server.url, `/download/${name}`);
    expect([answer.status, answer.body.error?.code]).toEqual([404, "agent_not_available"]);
  }
  renameSync(`${path}.away`, path);
  await waitFor("it is given out again", async () => (await get(NAME)).status === 200);
});

test("the command to join names this very file, and is one word where it must be", async () => {
  const { token } = await signUp(server.url);
  const { body } = await call<{ registration: { token: string; command: string } }>(server.url, "/v1/hosts", {
    token,
    body: { name: "box" },
  });
  const { command } = body.registration;
  expect(command).not.toContain("\n");
  expect(command).toContain(await (await get(`${NAME}.sha256`)).text().then((text) => text.slice(0, 64)));
  expect(command).toContain(body.registration.token);
});

test("a server is not started over a file that is not there", async () => {
  await expect(startTestServer({ WRENN_AGENT_FILE: join(directory, "none") })).rejects.toThrow(ConfigError);
});
