import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { QmpClient } from "./qmp.ts";
import type { QmpEvent } from "./qmp.ts";

const directory = mkdtempSync(join(tmpdir(), "wrenn-qmp-"));
afterAll(() => rmSync(directory, { recursive: true }));

const GREETING = '{"QMP": {"version": {}, "capabilities": []}}\n';

/** A peer that greets and then answers each line by `reply` (null: not at all). */
const withPeer = async (
  reply: (line: string, end: () => void) => string | null,
  use: (socketPath: string) => Promise<void>,
  greeting = GREETING,
): Promise<void> => {
  const socketPath = join(directory, `${crypto.randomUUID().slice(0, 8)}.sock`);
  const listener = createServer((socket) => {
    socket.write(greeting);
    socket.on("error", () => undefined);
    socket.on("data", (bytes) => {
      for (const line of bytes.toString().trim().split("\n")) {
        const answer = reply(line, () => socket.end());
        if (answer !== null) socket.write(answer);
      }
    });
  });
  await new Promise<void>((resolve) => listener.listen(socketPath, resolve));
  try {
    await use(socketPath);
  } finally {
    listener.close();
  }
};

/** Accepts the negotiation, and has `answer` for every other command. */
const talk = (answer: (id: number, end: () => void) => string | null) => (line: string, end: () => void) => {
  const { execute, id }: { execute: string; id: number } = JSON.parse(line);
  return execute === "qmp_capabilities" ? `${JSON.stringify({ return: {}, id })}\n` : answer(id, end);
};

const failureOf = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error);

describe("QmpClient against a peer that misbehaves", () => {
  test("a command without an answer fails at its deadline, and a late answer harms nobody", async () => {
    const late: number[] = [];
    const peer = talk((id) => {
      late.push(id);
      return late.length === 1
        ? null
        : `${JSON.stringify({ return: "late", id: late[0] })}\n${JSON.stringify({ return: "mine", id })}\n`;
    });
    await withPeer(peer, async (socketPath) => {
      const client = await QmpClient.connect({ socketPath, timeoutMs: 1_000 });
      expect(await failureOf(client.execute("stop", {}, 30))).toMatchObject({
        code: "deadline",
        command: "stop",
      });
      expect(await client.execute("cont")).toBe("mine");
      client.close();
    });
  });

  test("a connection that ends fails what waits, and what comes after", async () => {
    await withPeer(
      talk((_id, end) => {
        end();
        return null;
      }),
      async (socketPath) => {
        const client = await QmpClient.connect({ socketPath, timeoutMs: 1_000 });
        expect(await failureOf(client.execute("stop"))).toMatchObject({ code: "closed" });
        await client.closed;
        expect(await failureOf(client.execute("cont"))).toMatchObject({ code: "closed" });
      },
    );
  });

  test("lines that are no JSON are passed over; one without an end closes the connection", async () => {
    await withPeer(
      talk((id) => `not json\n[1]\n"x"\n{"event": 5}\n${JSON.stringify({ return: 1, id })}\n`),
      async (socketPath) => {
        const client = await QmpClient.connect({ socketPath, timeoutMs: 1_000 });
        expect(await client.execute("query-status")).toBe(1);
        client.close();
      },
    );
    await withPeer(
      talk(() => "x".repeat((1 << 20) + 1)),
      async (socketPath) => {
        const client = await QmpClient.connect({ socketPath, timeoutMs: 1_000 });
        expect(await failureOf(client.execute("query-status"))).toMatchObject({ code: "closed" });
      },
    );
  });

  test("no greeting, or nobody there, fails to connect", async () => {
    await withPeer(
      () => null,
      async (socketPath) => {
        expect(await failureOf(QmpClient.connect({ socketPath, timeoutMs: 30 }))).toMatchObject({
          code: "deadline",
        });
      },
      "",
    );
    const missing = join(directory, "missing.sock");
    expect(await failureOf(QmpClient.connect({ socketPath: missing, timeoutMs: 30 }))).toMatchObject({
      code: "closed",
    });
  });
});

describe.skipIf(Bun.which("qemu-system-x86_64") === null)("QmpClient against QEMU", () => {
  test("runs commands in order, gives refusals and events, and sees the end", async () => {
    const socketPath = join(directory, "qemu.sock");
    const argv = [
      "-M",
      "none",
      "-nodefaults",
      "-display",
      "none",
      "-qmp",
      `unix:${socketPath},server=on,wait=off`,
    ];
    const qemu = Bun.spawn(["qemu-system-x86_64", ...argv], { stdio: ["ignore", "ignore", "inherit"] });
    const deadline = performance.now() + 10_000;
    let client: QmpClient | null = null;
    while (client === null && performance.now() < deadline) {
      client = await QmpClient.connect({ socketPath, timeoutMs: 5_000 }).catch(() =>
        Bun.sleep(5).then(() => null),
      );
    }
    if (client === null) throw new Error("QEMU did not come up");
    const events: QmpEvent[] = [];
    client.onEvent((event) => events.push(event));
    const [status, refusal] = await Promise.all([
      client.execute("query-status"),
      failureOf(client.execute("no-such-command")),
    ]);
    expect(status).toMatchObject({ running: true });
    expect(refusal).toMatchObject({ code: "refused", command: "no-such-command" });
    await client.execute("quit");
    await client.closed;
    expect(await qemu.exited).toBe(0);
    expect(events.map(({ name }) => name)).toContain("SHUTDOWN");
  });
});
