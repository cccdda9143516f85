import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { exportJWK, generateKeyPair, SignJWT } from "jose";

import { formatHostId, newId } from "../../proto/ids.ts";
import { createLogger } from "../system/log.ts";
import { type Credentials, readCredentials, writeCredentials } from "./credentials.ts";
import { type HeartbeatRequest, ServerRefused, ServerUnreachable } from "./server-client.ts";
import { HostDeleted, HostRejected, ServerSession } from "./session.ts";

const HOST = newId();
const INSTANCE = newId();
const { privateKey, publicKey } = await generateKeyPair("EdDSA", { extractable: true });
const BODY: HeartbeatRequest = {
  free_memory_mb: 1,
  free_disk_mb: 1,
  running: 0,
  runtime_id: "r",
  address: "http://127.0.0.1:9",
  agent_version: "0",
  accelerator: "emulated",
  templates: [],
  building: [],
  changes: [],
};

/** Stands in for the server's two routes: it takes the newest pair of tokens, and the last but one for a refresh. */
const root = mkdtempSync(join(tmpdir(), "wrenn-session-"));
const path = join(root, "credentials", "host-credentials.json");
let generation = 0;
let onRefresh: () => Response | null = () => null;
let onBeat: () => Response | null = () => null;
const asked: string[] = [];
const tokens = (number: number) => ({ token: `token ${number}`, refresh_token: `refresh ${number}` });

const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch: async (request) => {
    if (request.url.endsWith("/auth/refresh")) {
      const { refresh_token } = (await request.json()) as { refresh_token: string };
      asked.push(refresh_token);
      const known = [generation, generation - 1].map((number) => tokens(number).refresh_token);
      if (!known.includes(refresh_token)) return new Response(null, { status: 401 });
      generation += 1;
      return onRefresh() ?? Response.json(tokens(generation));
    }
    asked.push(request.headers.get("authorization") ?? "");
    const isFresh = request.headers.get("authorization") === `Bearer ${tokens(generation).token}`;
    return (
      onBeat() ??
      (isFresh
        ? Response.json({ acknowledged_seq: null, server_time: "" })
        : new Response(null, { status: 401 }))
    );
  },
});
afterAll(async () => {
  await server.stop(true);
  rmSync(root, { recursive: true });
});

const onDisk = (): Credentials => JSON.parse(readFileSync(path, "utf8"));

/** As the next process would. */
const open = async (): Promise<ServerSession> => {
  const credentials = await readCredentials(path);
  if (credentials === null) throw new Error("there are no credentials");
  return new ServerSession({ credentials, credentialsPath: path, log: createLogger("error", () => {}) });
};

beforeEach(async () => {
  generation = 1;
  onRefresh = () => null;
  onBeat = () => null;
  asked.length = 0;
  rmSync(join(root, "credentials"), { recursive: true, force: true });
  mkdirSync(join(root, "credentials"));
  await writeCredentials(path, {
    host_id: formatHostId(HOST),
    server_url: `http://127.0.0.1:${server.port}`,
    ...tokens(1),
    server_public_key: await exportJWK(publicKey),
    instance_id: INSTANCE,
    address: "http://127.0.0.1:9",
    tls_cert: null,
    tls_key: null,
  });
});

/** The server gives out tokens, and nobody hears of it. */
const loseTheAnswer = (): Response => new Response(null, { status: 502 });

describe("a refresh", () => {
  test("follows a refused beat, and its tokens are on disk before they are used", async () => {
    const session = await open();
    generation = 2;
    onRefresh = () => {
      expect(onDisk()).toMatchObject({ ...tokens(1), refresh_pending: true });
      return null;
    };
    onBeat = () => {
      if (asked.at(-1) === "Bearer token 3") {
        expect(onDisk()).toMatchObject({ ...tokens(3), refresh_pending: false });
      }
      return null;
    };
    await session.beat(BODY);
    expect(asked).toEqual(["Bearer token 1", "refresh 1", "Bearer token 3"]);
    expect(session.isUrgent).toBe(false);
  });

  test("whose answer is lost is asked for again, without waiting for the next beat", async () => {
    const session = await open();
    generation = 2;
    onRefresh = loseTheAnswer;
    await expect(session.beat(BODY)).rejects.toThrow(ServerUnreachable);
    expect(session.isUrgent).toBe(true);
    onRefresh = () => null;
    generation = 2;
    await session.beat(BODY);
    expect(session.isUrgent).toBe(false);
    expect(asked).toEqual(["Bearer token 1", "refresh 1", "refresh 1", "Bearer token 3"]);
  });

  test("that a kill cut off is the first thing the next agent asks for", async () => {
    const killed = await open();
    generation = 2;
    onRefresh = loseTheAnswer;
    await expect(killed.beat(BODY)).rejects.toThrow(ServerUnreachable);
    onRefresh = () => null;
    generation = 2;
    asked.length = 0;
    await (await open()).beat(BODY);
    expect(asked).toEqual(["refresh 1", "Bearer token 3"]);
  });

  test("is not asked for while its answer could not be kept", async () => {
    const session = await open();
    generation = 2;
    renameSync(join(root, "credentials"), join(root, "away"));
    await expect(session.beat(BODY)).rejects.toThrow("ENOENT");
    expect(asked).toEqual(["Bearer token 1"]);
    renameSync(join(root, "away"), join(root, "credentials"));
    await session.beat(BODY);
    expect(onDisk()).toMatchObject(tokens(3));
  });

  test("whose answer could not be written is not used, and not asked for again", async () => {
    const session = await open();
    generation = 2;
    onRefresh = () => {
      renameSync(join(root, "credentials"), join(root, "away"));
      return null;
    };
    await expect(session.beat(BODY)).rejects.toThrow("ENOENT");
    renameSync(join(root, "away"), join(root, "credentials"));
    expect(asked).toEqual(["Bearer token 1", "refresh 1"]);
    await session.beat(BODY);
    expect(asked).toEqual(["Bearer token 1", "refresh 1", "Bearer token 3"]);
    expect(onDisk()).toMatchObject(tokens(3));
  });

  test("answered by something that is no server of ours changes nothing", async () => {
    const session = await open();
    generation = 2;
    onRefresh = () => Response.json({ welcome: "to the hotel" });
    await expect(session.beat(BODY)).rejects.toThrow(ServerUnreachable);
    expect(onDisk()).toMatchObject(tokens(1));
  });

  test("that is rejected is told apart, and ends by itself when the server accepts again", async () => {
    const session = await open();
    generation = 7;
    await expect(session.beat(BODY)).rejects.toThrow(HostRejected);
    await expect(session.beat(BODY)).rejects.toThrow(HostRejected);
    expect(session.isUrgent).toBe(false);
    // As after a database was restored rightly: the old token counts again.
    generation = 1;
    await session.beat(BODY);
    expect(asked.at(-1)).toBe("Bearer token 1");
  });
});

describe("a deletion", () => {
  const sign = (audience: string) =>
    new SignJWT({})
      .setProtectedHeader({ alg: "EdDSA", typ: "host-deleted+jwt" })
      .setIssuer(INSTANCE)
      .setAudience(audience)
      .setIssuedAt()
      .sign(privateKey);
  const gone = (statement?: string) =>
    Response.json(
      { error: { code: "host_deleted", message: "It was deleted.", statement } },
      { status: 410 },
    );

  test("that is proven is on disk before it is acted on", async () => {
    const session = await open();
    const statement = await sign(HOST);
    onBeat = () => gone(statement);
    await expect(session.beat(BODY)).rejects.toThrow(HostDeleted);
    expect(onDisk().deletion_statement).toBe(statement);
  });

  test("is learnt from a refresh too: the host was away for longer than its token lives", async () => {
    const session = await open();
    const statement = await sign(HOST);
    generation = 2;
    onRefresh = () => gone(statement);
    await expect(session.beat(BODY)).rejects.toThrow(HostDeleted);
    expect(onDisk().deletion_statement).toBe(statement);
  });

  test.each([
    ["no statement", async () => undefined],
    ["another host's", () => sign(newId())],
    ["words", async () => "it is true"],
  ])("with %s is only a refusal", async (_what, statement) => {
    const session = await open();
    const text = await statement();
    onBeat = () => gone(text);
    await expect(session.beat(BODY)).rejects.toThrow(ServerRefused);
    expect(onDisk().deletion_statement).toBeUndefined();
  });
});
