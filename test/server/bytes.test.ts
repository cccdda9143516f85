/** Bytes and names go through the server's own endpoints and a real guest agent unchanged, in and out. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";

import { canRunGuestAgent, type GuestAgent, startGuestAgent } from "../guest/guest-agent.ts";
import { AWKWARD_BYTES, AWKWARD_NAMES } from "../support/awkward.ts";
import { Dialogue } from "../support/dialogue.ts";
import { SandboxApi } from "../support/sandbox-api.ts";
import { createKey, signUp, startTestServer, type TestServer } from "../support/server.ts";
import { StandInHost } from "../support/stand-in-host.ts";

// Machines that run tests run much besides.
setDefaultTimeout(60_000);

const same = (a: ArrayBuffer | Uint8Array, b: Uint8Array): boolean => Buffer.from(a as Uint8Array).equals(b);

describe.skipIf(!canRunGuestAgent)("bytes and names through the server", () => {
  let server: TestServer;
  let api: SandboxApi;
  let host: StandInHost;
  let guest: GuestAgent;
  let id: string;

  beforeAll(async () => {
    server = await startTestServer();
    const admin = await signUp(server.url);
    api = new SandboxApi(server.url, await createKey(server.url, admin));
    host = await StandInHost.join(server.url, admin.token);
    guest = await startGuestAgent();
    host.guestUrl = guest.url;
    id = await api.create();
  });
  afterAll(async () => {
    await guest.stop();
    await host.stop();
    await server.stop();
  });

  const file = (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`${server.url}/v1/sandboxes/${id}/files?path=${encodeURIComponent(path)}`, {
      ...init,
      headers: { "x-api-key": api.apiKey },
    });

  test.each(AWKWARD_BYTES)("%s: as a file, through exec and over a socket", async (_, content) => {
    expect((await file("content", { method: "PUT", body: content })).status).toBe(204);
    expect(same(await (await file("content")).arrayBuffer(), content)).toBe(true);
    const shown = await api.ok(`/${id}/exec`, { cmd: "head -c 100000 content | tee /dev/stderr" });
    const decode = (text: string): Buffer =>
      Buffer.from(text, shown["encoding"] === "base64" ? "base64" : "utf8");
    const head = content.subarray(0, 100_000);
    expect(same(decode(shown.stdout), head)).toBe(true);
    expect(same(decode(shown.stderr), head)).toBe(true);
    const socket = Dialogue.exec(server.url, { id, apiKey: api.apiKey });
    await socket.say({ type: "start", cmd: "cat" });
    for (let at = 0; at < content.length; at += 1 << 20) {
      await socket.input(content.subarray(at, at + (1 << 20)));
    }
    await socket.say({ type: "eof" });
    await socket.closed;
    expect(socket.messages).toMatchObject([{ type: "start" }, { type: "exit", exit_code: 0 }]);
    expect(same(Buffer.from(socket.output, "latin1"), content)).toBe(true);
  });

  test.each(AWKWARD_NAMES)("the name %j", async (name) => {
    const path = `/home/user/named/${name}`;
    expect((await file(path, { method: "PUT", body: name })).status).toBe(204);
    expect(await (await file(path)).text()).toBe(name);
    const listed = await api.ok(`/${id}/files/list?path=named`);
    expect(listed.items).toMatchObject([{ name, path, type: "file" }]);
    const line = {
      cmd: "sh",
      args: ["-c", 'cat -- "$1"; printf %s "$1$NAME"', "sh", path],
      envs: { NAME: name },
    };
    expect((await api.ok(`/${id}/exec`, line)).stdout).toBe(name + path + name);
    const moved = await api.ok(`/${id}/files/move`, { source: path, destination: `moved/${name}` });
    expect(moved["entry"]).toMatchObject({ name, path: `/home/user/moved/${name}` });
    await api.ok(`/${id}/files/mkdir`, { path });
    expect((await api.ok(`/${id}/files/list?path=named`)).items).toMatchObject([{ name, type: "directory" }]);
    for (const gone of ["named", "moved"]) expect((await file(gone, { method: "DELETE" })).status).toBe(204);
  });
});
