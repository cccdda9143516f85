/** A team's own host beside the platform's: neither takes what is the other's, whatever becomes of the links. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";

import { parseSandboxId, parseTemplateId } from "../../proto/ids.ts";
import { HostLab, type LabHost } from "../support/host-lab.ts";
import { settle, TEST_MS } from "../support/pace.ts";
import type { SandboxApi, SandboxBody } from "../support/sandbox-api.ts";
import { call } from "../support/server.ts";
import { readTemplates, readTraces } from "../support/traces.ts";

setDefaultTimeout(TEST_MS);

const SEVERAL = 4;

/** One who makes sandboxes, the host they belong on, and the one they must never come to. */
interface Kind {
  name: string;
  api: SandboxApi;
  host: LabHost;
  other: LabHost;
}

let lab: HostLab;
let byoc: Kind;
let regular: Kind;
/** May bring hosts, and has none. */
let hostless: SandboxApi;
beforeAll(async () => {
  lab = await HostLab.start({ hosts: 1, spare: 1 });
  const team = await lab.addTeam({ isByoc: true });
  const [shared, own] = [lab.host(1), await lab.joinOwn(team)];
  byoc = { name: "a BYOC team", api: team.api, host: own, other: shared };
  const { api } = await lab.addTeam({ isByoc: false });
  regular = { name: "a regular team", api, host: shared, other: own };
  hostless = (await lab.addTeam({ isByoc: true })).api;
});
afterAll(async () => {
  await lab[Symbol.asyncDispose]();
});

const create = (api: SandboxApi, template = "minimal") => api.request("", { template, timeout_sec: 0 });

const several = async (api: SandboxApi): Promise<SandboxBody[]> => {
  const made = await Promise.all(Array.from({ length: SEVERAL }, () => create(api)));
  expect(made.map(({ status, body }) => [status, body.error?.message])).toEqual(
    made.map(() => [201, undefined]),
  );
  return made.map(({ body }) => body);
};

const removeAll = async (api: SandboxApi, made: readonly SandboxBody[]): Promise<void> => {
  await Promise.all(made.map(({ id }) => api.remove(id)));
};

/** On the machine itself. */
const isOn = async ({ agent }: LabHost): Promise<string[]> => (await readTraces(agent.directory)).sandboxes;

const bare = (made: readonly SandboxBody[]): string[] =>
  made.map(({ id }) => parseSandboxId(id) ?? "").sort();

/** One after the other and at once. */
const expectRefused = async (api: SandboxApi, why: string, template?: string): Promise<void> => {
  const answers = [await create(api, template), await create(api, template)];
  answers.push(...(await Promise.all([create(api, template), create(api, template)])));
  for (const { status, body } of answers) {
    expect([status, body.error?.code, body.error?.message]).toEqual([
      503,
      "no_hosts_available",
      `No host can take this sandbox: ${why}.`,
    ]);
  }
};

const kinds = (): Kind[] => [byoc, regular];

test("each lands on hosts of its kind, while the other kind is idle and while it is not", async () => {
  for (const { api, host, other } of kinds()) {
    const made = [...(await several(api)), ...(await several(api))];
    expect(new Set(made.map((sandbox) => sandbox["host_id"]))).toEqual(new Set([host.id]));
    expect(await isOn(host)).toEqual(bare(made));
    expect(await isOn(other)).toEqual([]);
    await expectRefused(hostless, "the team has no host of its own yet");
    await removeAll(api, made);
    await settle("it is idle", async () => (await isOn(host)).length === 0);
  }
  const both = await Promise.all(kinds().map(({ api }) => several(api)));
  for (const [index, { api, host }] of kinds().entries()) {
    const made = both[index] ?? [];
    expect(await isOn(host)).toEqual(bare(made));
    await removeAll(api, made);
  }
});

test("its only host is cut off: refused with the reason, while the other kind is online and idle", async () => {
  for (const { api, host, other } of kinds()) {
    await lab.online(host, other);
    await lab.cut(host);
    // Asked before anybody knows: there is nobody else to ask.
    const early = create(api);
    await settle("it is lost", async () => (await lab.statusOf(host)) === "unreachable");
    await expectRefused(api, "no host is online");
    expect(await lab.statusOf(other)).toBe("online");
    expect([503, 504]).toContain((await early).status);
    expect(await isOn(other)).toEqual([]);

    await lab.mend(host);
    await lab.online(host);
    const made = await create(api);
    expect([made.status, made.body["host_id"]]).toEqual([201, host.id]);
    await api.remove(made.body.id);
  }
});

test("a snapshot stays on hosts of its kind, also when none of them can take a sandbox of it", async () => {
  for (const { api, host, other } of kinds()) {
    const [source] = await several(api);
    if (source === undefined) throw new Error("no sandbox was made");
    const name = `from-${host.link.number}`;
    const body = { sandbox_id: source.id, name };
    const snapshot = await call(api.url, "/v1/snapshots", { apiKey: api.apiKey, body });
    expect(snapshot.status).toBe(201);
    const id = parseTemplateId(String(snapshot.body["id"])) ?? "";
    const expectHeld = async (): Promise<void> => {
      expect(await readTemplates(host.agent.directory)).toEqual([id]);
      expect(await readTemplates(other.agent.directory)).toEqual([]);
      expect(await isOn(other)).toEqual([]);
      const rows = await lab.database.ownerSql<{ host: string }[]>`
        select host_id::text as host from host_templates where template_id = ${id}`;
      expect(rows.map((row) => `host-${row.host}`)).toEqual([host.id]);
    };
    const made = await create(api, name);
    expect([made.status, made.body["host_id"]]).toEqual([201, host.id]);
    await expectHeld();

    await lab.drain(host);
    await expectRefused(api, "every host is draining", name);
    await lab.drain(host, "undrain");
    await lab.cut(host);
    await settle("it is lost", async () => (await lab.statusOf(host)) === "unreachable");
    await expectRefused(api, "no host is online", name);
    await lab.mend(host);
    await lab.online(host);
    await expectHeld();
    await removeAll(api, (await api.ok("")).items);
    const path = `/v1/snapshots/${name}`;
    expect((await call(api.url, path, { apiKey: api.apiKey, method: "DELETE" })).status).toBe(204);
    const isClean = async (): Promise<boolean> =>
      [await isOn(host), await readTemplates(host.agent.directory)].flat().length === 0;
    await settle("nothing is left", isClean);
  }
});
