/** Signed URLs of files, and the ports of a sandbox. */
import assert from "node:assert/strict";

import { type Case, everywhere, inFull } from "../program/case.ts";
import type { Sandbox } from "../program/sdk.ts";
import { until } from "../program/until.ts";
import { allBytes, asArrayBuffer, fails } from "./expect.ts";

/** Answers each connection with its path and port; little of Python, which starts slowly when emulated. */
const SERVER = `
import socket, sys
listener = socket.create_server((sys.argv[1], int(sys.argv[2])))
while True:
    connection, _ = listener.accept()
    words = connection.recv(4096).split(b" ")
    # Who only looks whether something listens says nothing.
    body = b" of ".join([*words[1:2], sys.argv[2].encode()])
    connection.sendall(b"HTTP/1.1 200 OK\\r\\nConnection: close\\r\\nContent-Length: %d\\r\\n\\r\\n" % len(body) + body)
    connection.close()
`;

const serve = async ({ commands, files }: Sandbox, port: number, address = "0.0.0.0"): Promise<void> => {
  await files.write("server.py", SERVER);
  const options = { background: true, timeoutMs: 0 } as const;
  await commands.run(`exec python3 -S server.py ${address} ${port}`, options);
  const listens = async () =>
    (await commands.run(`exec 3<>/dev/tcp/127.0.0.1/${port} 2>/dev/null || echo no`)).stdout === "";
  await until(`something listens at ${port}`, listens, 60_000);
};

const signed = async (url: string, form?: Record<string, BlobPart>): Promise<Response> => {
  if (form === undefined) return fetch(url);
  const body = new FormData();
  for (const [name, part] of Object.entries(form)) body.append("file", new Blob([part]), name);
  return fetch(url, { method: "POST", body });
};

export const ADDRESSES: Case[] = [
  everywhere("addresses: a file by a signed URL", async (_sdk, world) => {
    const sandbox = await world.sandbox();
    const path = `${await world.folder()}/a file 😀`;
    const up = await signed(await sandbox.uploadUrl(path), { any: asArrayBuffer(allBytes()) });
    assert.equal(up.status, 200, await up.text());
    const down = await signed(await sandbox.downloadUrl(path));
    assert.equal(down.status, 200);
    assert.deepEqual(new Uint8Array(await down.arrayBuffer()), allBytes());
    assert.deepEqual(new Uint8Array(await sandbox.files.read(path, { format: "bytes" })), allBytes());
  }),

  everywhere("addresses: a signature is good for what it was made for", async (_sdk, world) => {
    const sandbox = await world.sandbox();
    const path = `${await world.folder()}/file`;
    await sandbox.files.write(path, "x");
    const good = await sandbox.downloadUrl(path, { useSignatureExpiration: 600 });
    assert.equal(await (await signed(good)).text(), "x");
    const statusOf = async (change: (url: URL) => void): Promise<number> => {
      const url = new URL(good);
      change(url);
      const { status } = await signed(url.href);
      return status;
    };
    const elsewhere = world.settings.urls === "plain" ? 400 : 401;
    const wrong = [
      await statusOf(({ searchParams }) => searchParams.set("path", "/etc/passwd")),
      await statusOf(({ searchParams }) => searchParams.set("signature", "v1_AAAA")),
      await statusOf(({ searchParams }) => searchParams.set("signature_expiration", "99999999999")),
      await statusOf(({ searchParams }) => searchParams.set("username", "root")),
    ];
    // Without a host name the signature alone says which sandbox is meant: a wrong one means none.
    for (const status of wrong) assert.ok([401, elsewhere].includes(status), wrong.join(" "));
    const none = await statusOf(({ searchParams }) => searchParams.delete("signature"));
    assert.ok(none >= 400 && none < 500, String(none));
    assert.ok((await signed(good, { x: "y" })).status >= 400, "it is for reading");
    assert.equal(await sandbox.files.read(path), "x");
  }),

  inFull("addresses: a signature has an end", async (_sdk, world) => {
    const sandbox = await world.sandbox();
    const path = `${await world.folder()}/file`;
    await sandbox.files.write(path, "x");
    const url = await sandbox.downloadUrl(path, { useSignatureExpiration: 2 });
    assert.equal((await signed(url)).status, 200);
    await until("it is over", async () => (await signed(url)).status === 401, 10_000);
    assert.match(await (await signed(url)).text(), /signature is already expired/);
  }),

  inFull("addresses: for another user, to a folder by the file's name", async (_sdk, world) => {
    const sandbox = await world.sandbox();
    const folder = await world.folder();
    const up = await signed(await sandbox.uploadUrl(`${folder}/roots`, { user: "root" }), { x: "root's" });
    assert.equal(up.status, 200);
    assert.equal((await sandbox.files.getInfo(`${folder}/roots`)).owner, "root");
    const down = await signed(await sandbox.downloadUrl("/etc/shadow", { user: "root" }));
    assert.match(await down.text(), /^root:/);
    const named = await signed(await sandbox.uploadUrl(), { [`${folder}/named`]: "by its name" });
    assert.equal(named.status, 200);
    assert.equal(await sandbox.files.read(`${folder}/named`), "by its name");
  }),

  everywhere("addresses: a port", async (_sdk, world) => {
    const sandbox = await world.create();
    assert.match(sandbox.getHost(8080), new RegExp(`^8080-${sandbox.sandboxId}\\.`));
    const closed = await world.visit(sandbox, 8080);
    assert.deepEqual(
      [closed.status, await closed.json()],
      [
        502,
        {
          sandboxId: sandbox.sandboxId,
          message: "The sandbox is running but port is not open",
          port: 8080,
          code: 502,
        },
      ],
    );
    await serve(sandbox, 8080);
    assert.equal(await (await world.visit(sandbox, 8080, "/page")).text(), "/page of 8080");
    await sandbox.kill();
    const gone = await world.visit(sandbox, 8080);
    assert.deepEqual(
      [gone.status, await gone.json()],
      [502, { sandboxId: sandbox.sandboxId, message: "The sandbox was not found", code: 502 }],
    );
  }),

  inFull("addresses: an MCP server would have one, but there is none", async (sdk, world) => {
    const sandbox = await world.sandbox();
    assert.equal(sandbox.getMcpUrl(), `https://${sandbox.getHost(50_005)}/mcp`);
    await fails(sandbox.getMcpToken(), sdk.FileNotFoundError);
  }),

  inFull("addresses: a port on loopback inside", async (_sdk, world) => {
    const sandbox = await world.create();
    await serve(sandbox, 8081, "127.0.0.1");
    assert.equal(await (await world.visit(sandbox, 8081, "/page")).text(), "/page of 8081");
  }),

  inFull("addresses: ports that are not public", async (_sdk, world) => {
    const sandbox = await world.create({ network: { allowPublicTraffic: false } });
    const { trafficAccessToken } = sandbox;
    assert.ok(trafficAccessToken !== undefined && trafficAccessToken.length >= 16);
    await serve(sandbox, 8082);
    assert.equal((await world.visit(sandbox, 8082, "/page")).status, 403);
    const wrong = { "e2b-traffic-access-token": `${trafficAccessToken.slice(0, -1)}!` };
    assert.equal((await world.visit(sandbox, 8082, "/page", { headers: wrong })).status, 403);
    const headers = { "e2b-traffic-access-token": trafficAccessToken };
    const right = await world.visit(sandbox, 8082, "/page", { headers });
    assert.equal(await right.text(), "/page of 8082");
    // The SDK's own port has its own token.
    assert.equal((await sandbox.commands.run("echo fine")).stdout, "fine\n");
  }),
];
