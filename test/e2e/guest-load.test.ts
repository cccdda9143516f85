/**
 * Much through one real sandbox, its server and its agent: large files, much output to a slow reader, many
 * commands, many idle streams. A tenth of it in the suite, all of it in `bun run soak`.
 */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";

import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { Dialogue } from "../support/dialogue.ts";
import { JoinedAgent } from "../support/joined-agent.ts";
import { watchMemory } from "../support/memory.ts";
import { SandboxApi } from "../support/sandbox-api.ts";
import { ServerProcess } from "../support/server-process.ts";
import { createKey, signUp } from "../support/server.ts";
import { SIZES } from "../support/sizes.ts";
import { execSlowly } from "../support/slow-exec.ts";
import { waitFor } from "../support/wait-for.ts";

setDefaultTimeout(SIZES.idleMs * 2 + 240_000);

const MIB = 2 ** 20;
/** Of the server and of the agent, whatever passes through them. */
const GROWTH_BYTES = 50 * MIB;
const STREAMS = 50;
const SLOW_BYTES_PER_SECOND = 1_000_000;

let database: TestDatabase;
let server: ServerProcess;
let agent: JoinedAgent;
let api: SandboxApi;
let id: string;

beforeAll(async () => {
  database = await createTestDatabase();
  server = await ServerProcess.start(database.url);
  const admin = await signUp(server.url);
  api = new SandboxApi(server.url, await createKey(server.url, admin));
  agent = await JoinedAgent.join({ serverUrl: server.url, token: admin.token });
  id = await api.create();
});
afterAll(async () => {
  await agent?.[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  await database.drop();
});

const fileUrl = (path: string): string =>
  `${server.url}/v1/sandboxes/${id}/files?path=${encodeURIComponent(path)}`;

/** A file nobody holds whole: each MiB differs from every other. */
const upload = async (path: string, mb: number): Promise<string> => {
  const chunk = crypto.getRandomValues(new Uint8Array(65_536));
  const hash = new Bun.CryptoHasher("sha256");
  let left = mb * 16;
  const body = new ReadableStream({
    pull: (controller) => {
      if (left === 0) return controller.close();
      left -= 1;
      new DataView(chunk.buffer).setUint32(0, left);
      hash.update(chunk);
      controller.enqueue(chunk.slice());
    },
  });
  const { status } = await fetch(fileUrl(path), {
    method: "PUT",
    headers: { "x-api-key": api.apiKey },
    body,
  });
  expect(status).toBe(204);
  return hash.digest("hex");
};

const watchBoth = async (): Promise<() => Promise<{ server: number; agent: number }>> => {
  const [ofServer, ofAgent] = [await watchMemory(server.pid), await watchMemory(agent.pid)];
  return async () => ({ server: await ofServer(), agent: await ofAgent() });
};

const expectLittleGrowth = ({
  server: ofServer,
  agent: ofAgent,
}: {
  server: number;
  agent: number;
}): void => {
  expect(ofServer).toBeLessThan(GROWTH_BYTES);
  expect(ofAgent).toBeLessThan(GROWTH_BYTES);
};

test(`${SIZES.fileMb} MB up and down: the hashes are equal, server and agent keep none of it`, async () => {
  // What the first transfer of a process costs is not what the size costs.
  await upload("first", 8);
  const growth = await watchBoth();
  const sent = await upload("large", SIZES.fileMb);
  const answer = await fetch(fileUrl("large"), { headers: { "x-api-key": api.apiKey } });
  const hash = new Bun.CryptoHasher("sha256");
  let bytes = 0;
  for await (const part of answer.body ?? []) {
    hash.update(part);
    bytes += part.byteLength;
  }
  expect(bytes).toBe(SIZES.fileMb * MIB);
  expect(hash.digest("hex")).toBe(sent);
  expectLittleGrowth(await growth());
});

test(`${SIZES.outputMb} MB of output arrive whole at a client that reads 1 MB/s`, async () => {
  const sent = await upload("output", SIZES.outputMb);
  const hash = new Bun.CryptoHasher("sha256");
  let bytes = 0;
  const growth = await watchBoth();
  const startedAtMs = performance.now();
  const last = await execSlowly({
    serverUrl: server.url,
    id,
    apiKey: api.apiKey,
    cmd: "cat output",
    bytesPerSecond: SLOW_BYTES_PER_SECOND,
    onOutput: (piece) => {
      hash.update(piece);
      bytes += piece.byteLength;
    },
  });
  expect(last).toMatchObject({ type: "exit", exit_code: 0 });
  expect(bytes).toBe(SIZES.outputMb * MIB);
  expect(hash.digest("hex")).toBe(sent);
  expect(performance.now() - startedAtMs).toBeGreaterThan(SIZES.outputMb * 900);
  expectLittleGrowth(await growth());
});

test(`${SIZES.commands} short commands: neither memory nor descriptors of the guest agent grow`, async () => {
  /** A command's parent is the guest agent. */
  const look = async (): Promise<{ descriptors: number; memoryBytes: number; zombies: number }> => {
    const cmd =
      "ls /proc/$PPID/fd | wc -l; grep -o 'VmRSS.*[0-9]' /proc/$PPID/status; grep -l '^State:.Z' /proc/[0-9]*/status | wc -l";
    const { stdout } = await api.ok(`/${id}/exec`, { cmd, user: "root" });
    const [descriptors, memory, zombies] = stdout.trim().split("\n");
    return {
      descriptors: Number(descriptors),
      memoryBytes: Number(memory?.replaceAll(/\D/g, "")) * 1_024,
      zombies: Number(zombies),
    };
  };
  const runMany = async (count: number): Promise<void> => {
    for (let done = 0; done < count; done += 1) {
      expect((await api.ok(`/${id}/exec`, { cmd: "true", args: [] })).exit_code).toBe(0);
    }
  };
  await runMany(SIZES.commands / 5);
  const before = await look();
  await runMany(SIZES.commands);
  const after = await look();
  expect(after.descriptors).toBeLessThanOrEqual(before.descriptors + 2);
  expect(after.memoryBytes - before.memoryBytes).toBeLessThan(16 * MIB);
  expect(after.zombies).toBe(0);
  expect((await api.ok(`/${id}/processes`)).items).toEqual([]);
});

test(`${STREAMS} streams idle for ${SIZES.idleMs / 1_000} s stay open, and each still works`, async () => {
  const streams = Array.from({ length: STREAMS }, () =>
    Dialogue.exec(server.url, { id, apiKey: api.apiKey }),
  );
  try {
    await Promise.all(streams.map((stream) => stream.say({ type: "start", cmd: "cat", args: [] })));
    await Promise.all(streams.map((stream) => stream.heard(({ messages }) => messages.length > 0, 120_000)));
    const idleUntil = performance.now() + SIZES.idleMs;
    const isOver = (): boolean => {
      expect(streams.filter(({ isOpen }) => !isOpen)).toEqual([]);
      return performance.now() > idleUntil;
    };
    await waitFor("the time is over", isOver, SIZES.idleMs + 60_000, 200);
    await Promise.all(
      streams.map(async (stream, index) => {
        await stream.input(`still ${index}\n`);
        await stream.say({ type: "eof" });
        await stream.closed;
      }),
    );
    expect(streams.map(({ output }) => output)).toEqual(streams.map((_, index) => `still ${index}\n`));
    for (const { messages } of streams) expect(messages.at(-1)).toMatchObject({ type: "exit", exit_code: 0 });
  } finally {
    for (const stream of streams) stream.close();
  }
});
