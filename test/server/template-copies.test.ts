/** Templates on the way between hosts, as the server arranges it: who may, who does, and what ends it. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";

import { parseHostId, parseTeamId, ZERO_UUID } from "../../proto/ids.ts";
import { HostChooser } from "../../server/hosts/chooser.ts";
import { RoundRobin } from "../../server/hosts/scheduler.ts";
import { claimCopy, completeCopy, listSources } from "../../server/templates/copies-store.ts";
import { endless } from "../support/endless.ts";
import { ServerProcess } from "../support/server-process.ts";
import {
  type Answer,
  type AnyBody,
  call,
  createKey,
  signUp,
  startTestServer,
  type TestPerson,
  type TestServer,
} from "../support/server.ts";
import { StandInHost } from "../support/stand-in-host.ts";
import { seedSnapshot, StandInTemplates } from "../support/stand-in-templates.ts";
import { waitFor } from "../support/wait-for.ts";

let server: TestServer;
let admin: TestPerson;
let apiKey: string;
const joined: StandInTemplates[] = [];

beforeAll(async () => {
  server = await startTestServer({ WRENN_MONITOR_MS: "100" });
  admin = await signUp(server.url);
  apiKey = await createKey(server.url, admin);
});
afterAll(() => server.stop());

const uuid = ({ host }: StandInTemplates): string => parseHostId(host.id) ?? "";

/** A further host, without any template but minimal. */
const join = async (specs: Record<string, unknown> = {}): Promise<StandInTemplates> => {
  const templates = new StandInTemplates(await StandInHost.join(server.url, admin.token, specs));
  joined.push(templates);
  return templates;
};

afterEach(async () => {
  for (const { host } of joined.splice(0)) {
    await call(server.url, `/v1/hosts/${host.id}?force=true`, { method: "DELETE", token: admin.token });
    await host.stop();
  }
});

const drain = async (one: StandInTemplates): Promise<void> => {
  await server.database.ownerSql`update hosts set draining = true where id = ${uuid(one)}`;
};

/** The team's snapshot on `holders`, none of which takes sandboxes any more. */
const onDraining = async (...holders: StandInTemplates[]) => {
  const snapshot = await seedSnapshot(server.database, admin.teamId, holders);
  for (const holder of holders) await drain(holder);
  return snapshot;
};

const create = (template: string, url = server.url): Promise<Answer> =>
  call(url, "/v1/sandboxes", { apiKey, body: { template } });
const show = async (name: string): Promise<AnyBody> =>
  (await call(server.url, `/v1/templates/${name}`, { apiKey })).body;
const outcome = ({ status, body }: Answer) => [status, body.error?.code ?? "created"];
const copyRow = async (one: StandInTemplates, { id }: { id: string }) => {
  const [row] = await server.database.sql<{ state: string }[]>`
    select state from host_templates where host_id = ${uuid(one)} and template_id = ${id}`;
  return row?.state ?? null;
};

/** A source that waits before the piece until it is let go. */
const holdAt = (source: StandInTemplates, index: number) => {
  const [reached, go] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  source.beforePiece = async (at) => {
    if (at !== index) return;
    reached.resolve();
    await go.promise;
  };
  return { reached: reached.promise, go: go.resolve };
};

describe("a create of a snapshot that no host with room holds", () => {
  test("brings it to one that has, and makes the sandbox there", async () => {
    const [holder, other] = [await join(), await join()];
    const snapshot = await onDraining(holder);
    expect(outcome(await create(snapshot.name))).toEqual([201, "created"]);
    expect(other.host.calls).toContain("createSandbox");
    expect(holder.host.calls).not.toContain("createSandbox");
    expect(await show(snapshot.name)).toMatchObject({ state: "present", hosts: 2, copying: null });

    // Once is enough.
    expect(outcome(await create(snapshot.name))).toEqual([201, "created"]);
    expect([holder.exports, other.imports]).toEqual([1, ["whole"]]);
  });

  test("prefers a host that holds it to a copy", async () => {
    const [holder, other] = [await join(), await join()];
    const snapshot = await seedSnapshot(server.database, admin.teamId, [holder]);
    for (let round = 0; round < 4; round += 1) {
      expect(outcome(await create(snapshot.name))).toEqual([201, "created"]);
    }
    expect([holder.exports, other.imports]).toEqual([0, []]);
  });

  test("says how far it is when it takes too long, and the copy goes on", async () => {
    const [holder, other] = [await join(), await join()];
    const snapshot = await onDraining(holder);
    // It moves, but at this speed it will not be there in time.
    const go = Promise.withResolvers<void>();
    holder.beforePiece = async (index) => {
      if (index === 1) await Bun.sleep(2_500);
      if (index > 1) await go.promise;
    };
    const first = await create(snapshot.name);
    expect(outcome(first)).toEqual([503, "template_copying"]);
    expect(Number(first.headers.get("retry-after"))).toBeGreaterThan(1);
    expect(first.body.error).toMatchObject({ progress: expect.any(Number) });
    await waitFor("progress to be shown", async () => Number((await show(snapshot.name))["copying"]) > 0);
    expect(await show(snapshot.name)).toMatchObject({ hosts: 1, state: "present" });
    go.resolve();
    await waitFor("the copy to end", async () => (await show(snapshot.name))["hosts"] === 2);
    expect(outcome(await create(snapshot.name))).toEqual([201, "created"]);
    expect(other.imports).toEqual(["whole"]);
  }, 60_000);

  test("joins the copy under way, wherever it goes", async () => {
    const holder = await join();
    const targets = [await join(), await join(), await join()];
    const { sql } = server.database;
    for (const target of targets) {
      const { id: templateId } = await onDraining(holder);
      const choosing = () =>
        new HostChooser({ sql, scheduler: new RoundRobin() }, templateId, {
          team: { id: parseTeamId(admin.teamId) ?? "", isByoc: false },
          vcpus: 1,
          memoryMb: 512,
          diskSizeMb: 5_120,
          runtimeId: "stand-in",
        });
      const chosen = async (isRoomy = true) => (await choosing().copyTarget(isRoomy ? 1 : 100_000))?.id;
      expect(await chosen()).toBeString();
      const claim = { templateId, hostId: uuid(target), lease: crypto.randomUUID() };
      expect(await claimCopy(sql, claim)).toBe(true);
      expect(await chosen()).toBe(uuid(target));
      // What it needs is taken from the host's room as it comes.
      expect(await chosen(false)).toBe(uuid(target));
      const first = () => choosing().nextOrTarget(1);
      expect(await first()).toMatchObject({ host: { id: uuid(target) }, holdsTemplate: false });
      expect(await completeCopy(sql, claim)).toBe(true);
      expect(await first()).toMatchObject({ host: { id: uuid(target) }, holdsTemplate: true });
    }
  });

  test("many at once make one copy, on two servers too", async () => {
    const holder = await join();
    const targets = [await join(), await join(), await join()];
    const snapshot = await onDraining(holder);
    await using second = await ServerProcess.start(server.database.url);
    const held = holdAt(holder, 5);
    const urls = [server.url, second.url, server.url, second.url, server.url];
    const creates = urls.map((url) => create(snapshot.name, url));
    await held.reached;
    held.go();
    const answers = await Promise.all(creates);
    expect(answers.map(outcome)).toEqual(urls.map(() => [201, "created"]));
    expect([holder.exports, targets.flatMap(({ imports }) => imports)]).toEqual([1, ["whole"]]);
  }, 60_000);

  test("is refused while its server makes enough others, also of those that come at once", async () => {
    const [holder] = [await join(), await join()];
    const go = Promise.withResolvers<void>();
    holder.beforePiece = () => go.promise;
    const snapshots = [];
    while (snapshots.length < 6) snapshots.push(await onDraining(holder));
    const refused: Answer[] = [];
    const creates = snapshots.map(async ({ name }) => {
      const answer = await create(name);
      if (answer.status !== 201) refused.push(answer);
    });
    await waitFor("all have begun or been refused", () => holder.exports + refused.length === 6);
    expect(holder.exports).toBe(4);
    for (const { body } of refused) expect(body.error?.message).toContain("copies enough others");
    go.resolve();
    await Promise.all(creates);
    expect(refused).toHaveLength(2);
  });

  test("goes on from another holder when one dies in the middle", async () => {
    const [one, two, other] = [await join(), await join(), await join()];
    const snapshot = await onDraining(one, two);
    const dying = (index: number) => {
      if (one.exports + two.exports === 1 && index === 5) throw new Error("out of order");
      return Promise.resolve();
    };
    one.beforePiece = dying;
    two.beforePiece = dying;
    expect(outcome(await create(snapshot.name))).toEqual([201, "created"]);
    expect([one.exports, two.exports]).toEqual([1, 1]);
    expect(other.imports).toEqual(["cut", "whole"]);
  });

  test("says why it could not be, and the next one tries again", async () => {
    const [holder, other] = [await join(), await join()];
    const snapshot = await onDraining(holder);
    other.refusal = { status: 507, code: "disk_full" };
    const refused = await create(snapshot.name);
    expect(outcome(refused)).toEqual([503, "no_hosts_available"]);
    expect(refused.body.error?.message).toContain("refused: disk_full");
    expect(await copyRow(other, snapshot)).toBeNull();
    other.refusal = null;
    expect(outcome(await create(snapshot.name))).toEqual([201, "created"]);
  });

  test("takes no template that is none from a holder", async () => {
    const [holder] = [await join(), await join()];
    const snapshot = await onDraining(holder);
    const { listTemplateFiles, exportTemplate } = holder.host.answers;
    const reason = async () => {
      const refused = await create(snapshot.name);
      expect(outcome(refused)).toEqual([503, "no_hosts_available"]);
      return refused.body.error?.message;
    };
    const file = { name: "memory", sizeBytes: 1n, digest: "any" };
    for (const files of [Array.from({ length: 101 }, () => file), [{ ...file, sizeBytes: 2n ** 60n }]]) {
      holder.host.answers.listTemplateFiles = () => ({ plan: { runtimeId: "stand-in", files } });
      expect(await reason()).toMatch(/101 files is none|cannot have \d+ bytes/);
    }
    Object.assign(holder.host.answers, { listTemplateFiles });
    const large = { case: "data" as const, value: new Uint8Array(300 * 1024) };
    for (const part of [
      large,
      { case: "compressed" as const, value: { zstd: new Uint8Array(10), size: 2 ** 31 } },
    ]) {
      holder.host.answers.exportTemplate = async function* () {
        yield { part };
      };
      expect(await reason()).toContain("is too large");
    }
    const long = endless(new Uint8Array([0, 0xff, 0xff, 0xff, 0xff]));
    holder.host.raw = (path) =>
      path.endsWith("/ExportTemplate")
        ? new Response(long.body, { headers: { "content-type": "application/connect+proto" } })
        : null;
    expect(await reason()).toContain("larger than");
    expect(long.sentBytes()).toBeLessThan(16 << 20);
    holder.host.raw = null;
    Object.assign(holder.host.answers, { exportTemplate });
    expect(outcome(await create(snapshot.name))).toEqual([201, "created"]);
  }, 30_000);

  test("says so when nobody can give it", async () => {
    const [holder] = [await join(), await join()];
    const snapshot = await onDraining(holder);
    await server.database.ownerSql`update hosts set status = 'unreachable' where id = ${uuid(holder)}`;
    const refused = await create(snapshot.name);
    expect(outcome(refused)).toEqual([503, "no_hosts_available"]);
    expect(refused.body.error?.message).toContain("no host that holds it can be reached");
  });

  test("never goes to a host with another runtime, and minimal goes nowhere", async () => {
    const [holder, foreign] = [await join(), await join({ runtime_id: "another" })];
    await server.database.ownerSql`update hosts set runtime_id = 'another' where id = ${uuid(foreign)}`;
    const snapshot = await onDraining(holder);
    expect(outcome(await create(snapshot.name))).toEqual([503, "no_hosts_available"]);
    foreign.host.templates = [];
    await foreign.host.beat();
    expect(outcome(await create("minimal"))).toEqual([503, "no_hosts_available"]);
    expect([foreign.imports, holder.exports]).toEqual([[], 0]);
    const claim = { templateId: ZERO_UUID, hostId: uuid(foreign), lease: crypto.randomUUID() };
    expect(await claimCopy(server.database.sql, claim)).toBe(false);
  });
});

describe("a copy under way", () => {
  test("is not begun while its template or its target is being deleted", async () => {
    const [holder, other] = [await join(), await join()];
    const { ownerSql, sql } = server.database;
    const isBlocked = async () => {
      const [row] = await ownerSql`
        select exists (select 1 from pg_stat_activity where datname = current_database()
          and wait_event_type = 'Lock' and query like '%insert into host_templates%') as blocked`;
      return row?.["blocked"] === true;
    };
    for (const table of ["templates", "hosts"] as const) {
      const { id: templateId } = await onDraining(holder);
      const claim = { templateId, hostId: uuid(other), lease: crypto.randomUUID() };
      const deletedId = table === "hosts" ? claim.hostId : templateId;
      let claiming: Promise<boolean> | undefined;
      await ownerSql.begin(async (tx) => {
        await tx`update ${tx(table)} set deleted_at = now() where id = ${deletedId}`;
        claiming = claimCopy(sql, claim);
        await waitFor("the claim to wait", isBlocked);
      });
      expect(await claiming).toBe(false);
    }
  });

  test("ends with its template: the target is told, and nothing is present", async () => {
    const [holder, other] = [await join(), await join()];
    const snapshot = await onDraining(holder);
    const held = holdAt(holder, 5);
    const waiting = create(snapshot.name);
    await held.reached;
    const removed = await call(server.url, `/v1/snapshots/${snapshot.name}`, { apiKey, method: "DELETE" });
    expect(removed.status).toBe(204);
    await waitFor("both were told", () => [holder, other].every((one) => one.deleted.includes(snapshot.id)));
    expect((await waiting).status).toBe(503);
    await waitFor("the import was cut", () => other.imports.includes("cut"));
    held.go();
    await waitFor("it is forgotten", async () => (await copyRow(other, snapshot)) === null);
    expect(other.holds(snapshot.id)).toBe(false);
  }, 60_000);

  test("is taken over when its server died", async () => {
    const [holder, other] = [await join(), await join()];
    const snapshot = await onDraining(holder);
    const second = await ServerProcess.start(server.database.url);
    const held = holdAt(holder, 5);
    const lost = create(snapshot.name, second.url).catch(() => "cut");
    await held.reached;
    await second.crash();
    expect(await lost).toBe("cut");
    await waitFor("the import was cut", () => other.imports.includes("cut"));
    expect(await copyRow(other, snapshot)).toBe("copying");
    // As time would.
    await server.database.ownerSql`
      update host_templates set renewed_at = now() - interval '16 seconds'
      where host_id = ${uuid(other)} and template_id = ${snapshot.id}`;
    held.go();
    expect(outcome(await create(snapshot.name))).toEqual([201, "created"]);
    expect(other.imports).toEqual(["cut", "whole"]);
  }, 60_000);

  test("ends with an orderly stop of its server, and leaves no row", async () => {
    const [holder, other] = [await join(), await join()];
    const snapshot = await onDraining(holder);
    const second = await ServerProcess.start(server.database.url);
    const held = holdAt(holder, 5);
    const asked = create(snapshot.name, second.url).catch(() => "cut");
    await held.reached;
    await second.stop();
    await asked;
    expect(await copyRow(other, snapshot)).toBeNull();
    held.go();
  }, 60_000);
});

describe("borders between teams' hosts", () => {
  /** Makes the host the team's own. */
  const give = async (one: StandInTemplates, teamId: string): Promise<void> => {
    await server.database.ownerSql`
      update hosts set type = 'byoc', team_id = ${parseTeamId(teamId)} where id = ${uuid(one)}`;
  };
  const setByoc = async (teamId: string, isByoc: boolean): Promise<void> => {
    await server.database.ownerSql`update teams set is_byoc = ${isByoc} where id = ${parseTeamId(teamId)}`;
  };

  /** Whether a copy to each of the hosts could be begun. */
  const claims = (templateId: string, targets: StandInTemplates[]) =>
    Promise.all(
      targets.map((target) =>
        claimCopy(server.database.sql, { templateId, hostId: uuid(target), lease: crypto.randomUUID() }),
      ),
    );

  test("a team with hosts of its own never gets onto the platform's or another team's", async () => {
    const owner = await signUp(server.url);
    const stranger = await signUp(server.url);
    const [own, platform, foreign] = [await join(), await join(), await join()];
    await give(own, owner.teamId);
    await give(foreign, stranger.teamId);
    await setByoc(owner.teamId, true);
    const snapshot = await seedSnapshot(server.database, owner.teamId, [own]);
    await drain(own);
    const key = await createKey(server.url, owner);
    const refused = await call(server.url, "/v1/sandboxes", {
      apiKey: key,
      body: { template: snapshot.name },
    });
    expect(outcome(refused)).toEqual([503, "no_hosts_available"]);
    expect([platform.imports, foreign.imports, own.exports]).toEqual([[], [], 0]);
    expect(await claims(snapshot.id, [platform, foreign])).toEqual([false, false]);
  });

  test("a team of the platform never gets onto a team's host", async () => {
    const [holder, foreign] = [await join(), await join()];
    await give(foreign, admin.teamId);
    const snapshot = await onDraining(holder);
    expect(outcome(await create(snapshot.name))).toEqual([503, "no_hosts_available"]);
    expect(foreign.imports).toEqual([]);
    expect(await claims(snapshot.id, [foreign])).toEqual([false]);
  });

  test("what a team's host says is a template never comes to the platform's", async () => {
    const owner = await signUp(server.url);
    const [own, platform] = [await join(), await join()];
    await give(own, owner.teamId);
    const snapshot = await seedSnapshot(server.database, owner.teamId, [own]);
    // The team has given its hosts up since.
    await setByoc(owner.teamId, false);
    const key = await createKey(server.url, owner);
    const refused = await call(server.url, "/v1/sandboxes", {
      apiKey: key,
      body: { template: snapshot.name },
    });
    expect(outcome(refused)).toEqual([503, "no_hosts_available"]);
    expect(own.exports).toBe(0);
    const where = { templateId: snapshot.id, hostId: uuid(platform) };
    expect(await listSources(server.database.sql, where)).toEqual([]);
  });
});

describe("a deleted template", () => {
  test("leaves all three of its holders, the one that is away when it is back", async () => {
    const holders = [await join(), await join(), await join()];
    const [, , away] = holders;
    if (!away) throw new Error("no third host");
    const snapshot = await seedSnapshot(server.database, admin.teamId, holders);
    const { deleteTemplate } = away.host.answers;
    const unreachable = () => {
      throw new Error("away");
    };
    Object.assign(away.host.answers, { deleteTemplate: unreachable, listSandboxes: unreachable });
    const removed = await call(server.url, `/v1/snapshots/${snapshot.name}`, { apiKey, method: "DELETE" });
    expect(removed.status).toBe(204);
    const states = () => Promise.all(holders.map((one) => copyRow(one, snapshot)));
    await waitFor("the others are done", async () =>
      Bun.deepEquals(await states(), [null, null, "deleting"]),
    );
    expect(away.holds(snapshot.id)).toBe(true);
    // Its beats still name it.
    await away.host.beat();
    expect(await copyRow(away, snapshot)).toBe("deleting");
    Object.assign(away.host.answers, { deleteTemplate, listSandboxes: undefined });
    await away.host.beat();
    await waitFor("the third is done", async () => (await copyRow(away, snapshot)) === null);
    expect(holders.map((one) => one.holds(snapshot.id))).toEqual([false, false, false]);
  });

  test("leaves a host that turns up with it", async () => {
    const holder = await join();
    const snapshot = await seedSnapshot(server.database, admin.teamId, [holder]);
    await call(server.url, `/v1/snapshots/${snapshot.name}`, { apiKey, method: "DELETE" });
    await waitFor("the first is done", () => holder.deleted.includes(snapshot.id));
    const late = await join();
    late.host.templates = [
      ...late.host.templates,
      { team_id: parseTeamId(admin.teamId) ?? "", template_id: snapshot.id },
    ];
    await late.host.beat();
    await waitFor("the second is done", () => late.deleted.includes(snapshot.id));
    await waitFor("it is forgotten", async () => (await copyRow(late, snapshot)) === null);
  });
});
