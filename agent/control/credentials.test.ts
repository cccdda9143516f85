import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { formatHostId, newId } from "../../proto/ids.ts";
import { BadCredentials, readCredentials } from "./credentials.ts";

const directory = mkdtempSync(join(tmpdir(), "wrenn-credentials-"));
const path = join(directory, "host-credentials.json");
afterAll(() => rmSync(directory, { recursive: true }));

const WHOLE = {
  host_id: formatHostId(newId()),
  server_url: "http://127.0.0.1:9",
  token: "token",
  refresh_token: "refresh",
  server_public_key: {},
  instance_id: newId(),
  address: "http://127.0.0.1:9",
};

test("a whole file is read; one that is not there is none", async () => {
  expect(await readCredentials(path)).toBeNull();
  await Bun.write(path, JSON.stringify(WHOLE));
  expect(await readCredentials(path)).toEqual({ ...WHOLE, tls_cert: null, tls_key: null });
});

test.each<[string, object]>([
  ["no instance", { instance_id: undefined }],
  ["an empty instance", { instance_id: "" }],
  ["a number for one", { instance_id: 1 }],
  ["no key of the server", { server_public_key: null }],
  ["another kind of id", { host_id: newId() }],
])("%s: the host is to be registered again", async (_what, change) => {
  await Bun.write(path, JSON.stringify({ ...WHOLE, ...change }));
  await expect(readCredentials(path)).rejects.toThrow(BadCredentials);
});
