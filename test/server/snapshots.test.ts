/** Snapshots over HTTP and PostgreSQL, on a host that does as each test says. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";

import { Code } from "@connectrpc/connect";

import { call } from "../support/server.ts";
import { refusal } from "../support/stand-in-host.ts";
import { type SandboxBody, StandInProduct } from "../support/stand-in-product.ts";
import { waitFor } from "../support/wait-for.ts";

// Machines that run tests run much besides.
setDefaultTimeout(60_000);

let scene: StandInProduct;
beforeAll(async () => {
  scene = await StandInProduct.start();
});
afterAll(() => scene.stop());

describe("snapshots", () => {
  const snapshots = (path: string, options: { method?: string; body?: unknown } = {}) =>
    call<SandboxBody & { items: SandboxBody[] }>(scene.server.url, `/v1/snapshots${path}`, {
      apiKey: scene.apiKey,
      ...options,
    });
  const take = async (name?: string) =>
    snapshots("", { body: { sandbox_id: (await scene.create()).id, ...(name && { name }) } });

  test("have names of their own, or get one", async () => {
    const made = await take("first.one");
    expect(made.body).toMatchObject({ name: "first.one", type: "snapshot", state: "present", owner: "team" });
    expect((await take()).body["name"]).toMatch(/^snapshot-[0-9a-f]{8}$/);
    const refused: [string, number, string][] = [
      ["first.one", 409, "template_name_taken"],
      ["minimal", 409, "name_reserved"],
      ["base", 409, "name_reserved"],
      ["-x", 400, "invalid_request"],
      ["a/b", 400, "invalid_request"],
    ];
    for (const [name, status, code] of refused) {
      const answer = await take(name);
      expect([name, answer.status, answer.body.error?.code]).toEqual([name, status, code]);
    }
    const { items } = (await snapshots("")).body;
    expect(items.map((item) => item["name"])).toContain("first.one");
    const all = await call<{ items: SandboxBody[] }>(scene.server.url, "/v1/templates", {
      apiKey: scene.apiKey,
    });
    expect(all.body.items.map((item) => item["name"])).toContain("minimal");
  });

  test("are started from, kept while in use, and free their name at once", async () => {
    await take("second");
    scene.host.templates = [...scene.host.templates, ...(await held("second"))];
    await scene.host.beat();
    const child = await scene.create({ template: "second" });
    const inUse = await snapshots("/second", { method: "DELETE" });
    expect([inUse.status, inUse.body.error?.code]).toEqual([409, "in_use"]);
    await scene.api(`/${child.id}`, { method: "DELETE" });
    expect((await snapshots("/second", { method: "DELETE" })).status).toBe(204);
    await waitFor("the host was told", () => scene.host.calls.includes("deleteTemplate"));
    expect((await take("second")).status).toBe(201);
    expect((await snapshots("/minimal", { method: "DELETE" })).status).toBe(404);
  });

  const held = async (name: string) =>
    scene.server.database.sql<{ team_id: string; template_id: string }[]>`
      select team_id, id as template_id from templates where name = ${name} and deleted_at is null`;

  test("one that comes about after it was given up is removed from its host", async () => {
    scene.host.answers.createSnapshot = () => {
      throw refusal("disk_full", Code.ResourceExhausted);
    };
    await take("late");
    delete scene.host.answers.createSnapshot;
    const late = await scene.server.database.sql<{ team_id: string; template_id: string }[]>`
      select team_id, id as template_id from templates where name = 'late'`;
    const left = async () => {
      const rows = await scene.server.database.sql`
        select 1 from host_templates where template_id = ${late[0]?.template_id ?? ""}`;
      return rows.length;
    };
    await waitFor("it is forgotten", async () => (await left()) === 0);
    const removed: (string | undefined)[] = [];
    scene.host.answers.deleteTemplate = ({ template }) => {
      removed.push(template?.templateId);
      return {};
    };
    scene.host.templates = [...scene.host.templates, ...late];
    await scene.host.beat();
    await waitFor("the host was told again", () => removed.includes(late[0]?.template_id));
    delete scene.host.answers.deleteTemplate;
    scene.host.templates = scene.host.templates.filter(
      ({ template_id }) => template_id !== late[0]?.template_id,
    );
  });

  test("a refused one leaves nothing, not even its name", async () => {
    scene.host.answers.createSnapshot = () => {
      throw refusal("disk_full", Code.ResourceExhausted);
    };
    const failed = await take("third");
    delete scene.host.answers.createSnapshot;
    expect([failed.status, failed.body.error?.code]).toEqual([507, "disk_full"]);
    expect((await take("third")).status).toBe(201);
  });

  test("one whose server died while it was made ends, or counts when the host has it", async () => {
    const forget = async (name: string): Promise<string> => {
      await take(name);
      const [row] = await held(name);
      const id = row?.template_id ?? "";
      await scene.server.database.ownerSql`
        update host_templates set state = 'building', created_at = now() - interval '5 minutes'
        where template_id = ${id}`;
      return id;
    };
    const state = async (name: string) => {
      const answer = await call<SandboxBody>(scene.server.url, `/v1/templates/${name}`, {
        apiKey: scene.apiKey,
      });
      return answer.status === 404 ? "gone" : String(answer.body["state"]);
    };
    await forget("lost");
    await waitFor("it is gone", async () => (await state("lost")) === "gone");
    scene.host.answers.listTemplates = async () => ({
      templates: (await held("whole")).map(({ team_id, template_id }) => ({
        ref: { teamId: team_id, templateId: template_id },
        sizeBytes: 7n,
        runtimeId: "stand-in",
      })),
    });
    await forget("whole");
    await waitFor("it counts", async () => (await state("whole")) === "present");
    delete scene.host.answers.listTemplates;
  });
});
