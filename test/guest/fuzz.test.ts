/** What hostile clients send a real guest agent. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";

import { Code, ConnectError } from "@connectrpc/connect";

import { shell } from "./commands.ts";
import { FileClient, startInitialised, WITH_TOKEN } from "./file-client.ts";
import { canRunGuestAgent, type GuestAgent, USER } from "./guest-agent.ts";

describe.skipIf(!canRunGuestAgent)("hostile clients of a guest agent", () => {
  let agent: GuestAgent;
  let files: FileClient;
  beforeAll(async () => {
    agent = await startInitialised();
    files = new FileClient(agent);
    expect((await files.put("kept", "y")).status).toBe(200);
  });
  afterAll(() => agent?.stop());

  const raw = (text: string | Uint8Array): Promise<string> =>
    new Promise((resolve) => {
      const socket = connect(Number(new URL(agent.url).port), "127.0.0.1");
      let answer = "";
      socket.on("data", (data) => (answer += data.toString("latin1")));
      socket.on("close", () => resolve(answer));
      socket.on("error", () => resolve(answer));
      socket.end(text);
    });
  const rpc = (path: string, body: BodyInit, type: string): Promise<Response> =>
    fetch(agent.url + path, {
      method: "POST",
      headers: { ...WITH_TOKEN, "content-type": type, "connect-protocol-version": "1" },
      body,
    });

  test.each([
    ["not JSON", "/process.Process/List", "application/json", "{"],
    ["a wrong type", "/filesystem.Filesystem/Stat", "application/json", '{"path":5}'],
    ["not protobuf", "/filesystem.Filesystem/Stat", "application/proto", "\xff\xff\xff\xff\xff"],
    ["an unknown type", "/filesystem.Filesystem/Stat", "text/html", "x"],
    [
      "a frame longer than its body",
      "/process.Process/Start",
      "application/connect+proto",
      "\0\xff\xff\xff\xff\x01",
    ],
    ["a frame with unknown flags", "/process.Process/Start", "application/connect+proto", "\x7f\0\0\0\x01x"],
    ["no frame", "/process.Process/Start", "application/connect+json", ""],
    ["half a frame header", "/process.Process/StreamInput", "application/connect+proto", "\0\0"],
  ])("%s", async (_, path, type, body) => {
    const response = await rpc(path, Buffer.from(body, "latin1"), type);
    const text = await response.text();
    expect(response.status === 200 ? text.includes('"error"') : response.status >= 400).toBe(true);
    expect(text).not.toMatch(/\.ts\b|at .*\(|\/root|node_modules/);
  });

  test("a message beyond the limit is refused", async () => {
    const response = await rpc(
      "/filesystem.Filesystem/Stat",
      JSON.stringify({ path: "x".repeat(20 << 20) }),
      "application/json",
    );
    expect(response.status).toBe(429);
    expect(await response.json()).toMatchObject({ code: "resource_exhausted" });
  });

  test("raw nonsense, huge headers and half-closed connections", async () => {
    await raw("\0\x01\x02 nonsense\r\n\r\n");
    await raw(`GET /health HTTP/1.1\r\nHost: x\r\nX-Big: ${"a".repeat(200_000)}\r\n\r\n`);
    await raw("POST /process.Process/Start HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc");
    expect(await raw("GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")).toContain(
      "404",
    );
    expect((await fetch(`${agent.url}/health`)).status).toBe(204);
  });

  test("after all that the agent still serves", async () => {
    expect((await shell(agent.process(), "echo alive")).stdout).toBe("alive\n");
    expect(
      await agent
        .filesystem()
        .stat({ path: "/" })
        .catch((error: unknown) => (error instanceof ConnectError ? Code[error.code] : "")),
    ).toBeObject();
    expect(readFileSync(join(agent.homes, USER.name, "kept"), "utf8")).toBe("y");
  });
});
