/** Bad input over HTTP, against a real agent: a clear error naming what is wrong, and no trace of it. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { open, readdir } from "node:fs/promises";
import { join } from "node:path";

import { createLayout } from "../../agent/images/layout.ts";
import { formatTeamId, newId, parseSandboxId } from "../../proto/ids.ts";
import { Product } from "../support/product.ts";
import { SandboxApi } from "../support/sandbox-api.ts";
import { createKey } from "../support/server.ts";
import { readTraces, type Traces } from "../support/traces.ts";
import { waitFor } from "../support/wait-for.ts";

setDefaultTimeout(180_000);

const FINAL = ["stopped", "error"];

let product: Product;
let clean: Traces;
beforeAll(async () => {
  // What stands on the machine is compared as a whole: nothing is made ahead.
  product = await Product.start({ agent: { env: { WRENN_SPARE_VMS: "0", WRENN_STANDBY_VMS: "0" } } });
  clean = await readTraces(product.agent.directory);
});
afterAll(() => product[Symbol.asyncDispose]());

const expectNoTrace = async (): Promise<void> => {
  const { ownerSql } = product.server.database;
  expect([...(await ownerSql`select id, status from sandboxes where status <> all(${FINAL})`)]).toEqual([]);
  expect(await readTraces(product.agent.directory)).toEqual(clean);
};

const MIB = 2 ** 20;
/** More than any machine of today; what the schema itself allows at most. */
const HUGE_MEMORY_MB = 2 ** 20;
const HUGE_DISK_MB = 2 ** 24;

const badCreates: [name: string, body: object, status: number, error: Record<string, unknown>][] = [
  ["an unknown template", { template: "no-such" }, 404, { code: "template_not_found" }],
  ["a template that is a path", { template: "../minimal" }, 404, { code: "template_not_found" }],
  ["no template", { template: undefined }, 400, { code: "invalid_request", field: "template" }],
  ["0 vcpus", { vcpus: 0 }, 400, { code: "invalid_request", field: "vcpus" }],
  ["65 vcpus", { vcpus: 65 }, 400, { code: "invalid_request", field: "vcpus" }],
  [
    "memory above the host",
    { memory_mb: HUGE_MEMORY_MB },
    400,
    { code: "invalid_request", field: "memory_mb" },
  ],
  ["a timeout of -1", { timeout_sec: -1 }, 400, { code: "invalid_request", field: "timeout_sec" }],
  ["a field nobody knows", { vcpu: 1 }, 400, { code: "invalid_request", field: "vcpu" }],
  ["a disk that does not fit", { disk_size_mb: HUGE_DISK_MB }, 503, { code: "no_hosts_available" }],
];

test.each(badCreates)("create with %s", async (_name, body, status, error) => {
  const answer = await product.api.request("", { template: "minimal", ...body });
  expect({ status: answer.status, error: answer.body.error }).toMatchObject({ status, error });
  expect(answer.body.error?.message.length).toBeGreaterThan(10);
  await expectNoTrace();
});

test("a JSON body of 20 MB", async () => {
  const answer = await product.api.request("", {
    template: "minimal",
    metadata: { big: "x".repeat(20 * MIB) },
  });
  expect([answer.status, answer.body.error?.code]).toEqual([413, "payload_too_large"]);
  await expectNoTrace();
});

test("an id of the wrong kind, or of none", async () => {
  for (const id of [formatTeamId(newId()), newId(), "sb-1", "..%2f..%2fetc"]) {
    for (const [path, body] of [[""], ["/pause", {}], ["/exec", { cmd: "true" }]] as const) {
      const { status, body: said } = await product.api.request(`/${id}${path}`, body);
      expect([id, path, status, said.error?.code, said.error?.field]).toEqual([
        id,
        path,
        400,
        "invalid_request",
        "id",
      ]);
    }
  }
});

test("an expired key", async () => {
  const { server, admin } = product;
  const soon = new Date(Date.now() + 3_600_000).toISOString();
  const key = await createKey(server.url, admin, { name: "short", expires_at: soon });
  const api = new SandboxApi(server.url, key);
  expect((await api.request("")).status).toBe(200);
  await server.database.ownerSql`
    update api_keys set expires_at = now() - interval '1 second' where name = 'short'`;
  const answer = await api.request("", { template: "minimal" });
  expect([answer.status, answer.body.error?.code]).toEqual([401, "api_key_expired"]);
  await expectNoTrace();
});

test("a path to what the user may not read", async () => {
  const { api, server } = product;
  const id = await api.create();
  const headers = { "x-api-key": api.apiKey };
  for (const path of ["../../etc/shadow", "/etc/shadow", "%2e%2e/%2e%2e/etc/shadow"]) {
    const url = `${server.url}/v1/sandboxes/${id}/files?path=${path}`;
    const answers = [
      await fetch(url, { headers }),
      await fetch(url, { headers, method: "PUT", body: "x" }),
      await fetch(url, { headers, method: "DELETE" }),
    ];
    expect([path, ...answers.map(({ status }) => status)]).toEqual([path, 403, 403, 403]);
  }
  expect(await api.run(id, "sudo stat -c %U:%a /etc/shadow")).toStartWith("root:");
  await api.remove(id);
  await waitFor("it is gone", async () => (await readTraces(product.agent.directory)).vms.length === 0);
  await waitFor("its files are gone", async () =>
    Bun.deepEquals(await readTraces(product.agent.directory), clean),
  );
});

/** Turns one byte in the middle of what the file really holds. */
const damage = async (path: string): Promise<void> => {
  await using file = await open(path, "r+");
  const bytes = await file.readFile();
  const at = bytes.findIndex((byte, index) => byte !== 0 && index >= bytes.length / 2);
  await file.write(Buffer.from([(bytes[at] ?? 0) ^ 0xff]), 0, 1, at);
};

test.each([".diff", ".device"])(
  "a damaged %s file: refused, the sandbox stays paused, a cold resume works",
  async (suffix) => {
    const { api, agent } = product;
    const id = await api.create();
    await api.run(id, "echo kept > kept.txt; sync; head -c 3M /dev/urandom > /dev/shm/memory");
    await api.pause(id);
    const directory = createLayout(agent.directory).sandboxDirectory(parseSandboxId(id) ?? "");
    const name = (await readdir(directory)).find((entry) => entry.endsWith(suffix));
    await damage(join(directory, name ?? `no ${suffix}`));
    const refused = await api.request(`/${id}/resume`, {});
    expect([refused.status, refused.body.error?.code]).toEqual([409, "snapshot_refused"]);
    expect(refused.body.error?.message).toContain("cold");
    expect(await api.read(id)).toMatchObject({ status: "paused", memory_kept: true });
    expect((await readTraces(agent.directory)).vms).toEqual([]);
    expect(await api.resume(id, { cold: true })).toMatchObject({ status: "running" });
    expect(await api.run(id, "cat kept.txt; ls /dev/shm")).toBe("kept\n");
    await api.remove(id);
    await waitFor("its files are gone", async () => Bun.deepEquals(await readTraces(agent.directory), clean));
  },
);
