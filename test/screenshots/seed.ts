/** Tells the story to a server: people, keys and hosts come by the API, what only time makes into the database. */
import { SandboxStatus } from "../../proto/gen/wrenn/host/v1/host_pb.ts";
import { parseHostId, parseKeyId, parseTeamId, parseUserId, ZERO_UUID } from "../../proto/ids.ts";
import { insertTeamSamples } from "../support/sample-rows.ts";
import { call, signUp, type TestPerson, type TestServer } from "../support/server.ts";
import { StandInHost } from "../support/stand-in-host.ts";
import {
  emailOf,
  HOSTS,
  type HostStory,
  type KeyName,
  KEYS,
  MINIMAL_MB,
  PEOPLE,
  type PersonName,
  SANDBOXES,
  sandboxIdOf,
  type SandboxStory,
  SHOWN,
  TEAM,
  TEMPLATES,
  TRAIL,
  type TrailStory,
  uuidOf,
} from "./story.ts";
import { type TrailRow, writeTrail } from "./trail.ts";

const BEAT_MS = 5_000;
const GB = 1_024;
const MB_BYTES = 2 ** 20;
const SAMPLE_SEC = 15;
const TIMEOUT_SEC = 1_800;

export interface Seeded {
  /** The moment that the pictures show. */
  now: Date;
  people: Record<PersonName, TestPerson>;
  hosts: readonly StandInHost[];
}

const templateIdOf = (name: string): string => (name === "minimal" ? ZERO_UUID : uuidOf(name));

class Seeding {
  readonly people = {} as Record<PersonName, TestPerson>;
  readonly hosts = new Map<string, StandInHost>();
  /** Prefixed ids. */
  readonly #keys = new Map<KeyName, string>();
  readonly now = new Date();

  constructor(private readonly server: TestServer) {}

  get #sql() {
    return this.server.database.ownerSql;
  }

  get #owner(): TestPerson {
    return this.people.mira;
  }

  get #teamId(): string {
    return parseTeamId(this.#owner.teamId) ?? "";
  }

  #ago(minutes: number): Date {
    return new Date(this.now.getTime() - minutes * 60_000);
  }

  async #ask<T>(by: Pick<TestPerson, "token">, path: string, body: object, method = "POST"): Promise<T> {
    const answer = await call<T>(this.server.url, path, { token: by.token, method, body });
    if (answer.status >= 300) throw new Error(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  async invitePeople(): Promise<void> {
    for (const [key, { name }] of Object.entries(PEOPLE) as [PersonName, { name: string }][]) {
      this.people[key] = await signUp(this.server.url, name, emailOf(key));
    }
    const path = `/v1/teams/${this.#owner.teamId}`;
    await this.#ask(this.#owner, path, { name: TEAM }, "PATCH");
    await this.#sql`
      update teams set created_at = ${this.#ago(PEOPLE.mira.joined)} where id = ${this.#teamId}`;
    for (const [key, { role, joined }] of Object.entries(PEOPLE) as [
      PersonName,
      (typeof PEOPLE)[PersonName],
    ][]) {
      const { userId } = this.people[key];
      if (role !== "owner") {
        await this.#ask(this.#owner, `${path}/members`, { email: emailOf(key), role });
        const { token } = await this.#ask<{ token: string }>(this.people[key], "/v1/auth/switch-team", {
          team_id: this.#owner.teamId,
        });
        this.people[key].token = token;
      }
      await this.#sql`update users set is_admin = ${role !== "member"} where id = ${parseUserId(userId)}`;
      await this.#sql`
        update memberships set created_at = ${this.#ago(joined)}
        where team_id = ${this.#teamId} and user_id = ${parseUserId(userId)}`;
    }
  }

  async makeKeys(): Promise<void> {
    for (const { name, by, used, age } of KEYS) {
      const body = { name, scopes: ["read", "sandboxes", "templates"] };
      const { id } = await this.#ask<{ id: string }>(this.people[by], "/v1/api-keys", body);
      this.#keys.set(name, id);
      await this.#sql`
        update api_keys set created_at = ${this.#ago(age)}, last_used_at = ${this.#ago(used)}
        where id = ${parseKeyId(id)}`;
    }
  }

  async joinHosts(): Promise<void> {
    for (const story of HOSTS) this.hosts.set(story.name, await this.#join(story));
  }

  async #join({ name, cores, memoryGb, freeGb, diskGb, accelerator, age }: HostStory): Promise<StandInHost> {
    const specs = { cpu_cores: cores, memory_mb: memoryGb * GB, disk_gb: diskGb, accelerator };
    const host = await StandInHost.join(this.server.url, this.#owner.token, specs, { name });
    host.freeMemoryMb = freeGb * GB;
    await host.beat();
    host.keepBeating(BEAT_MS);
    await this.#sql`update hosts set created_at = ${this.#ago(age)} where id = ${parseHostId(host.id)}`;
    return host;
  }

  async saveTemplates(): Promise<void> {
    for (const { name, vcpus, memoryMb, sizeMb, age } of TEMPLATES) {
      const id = templateIdOf(name);
      await this.#sql`
        insert into templates (id, team_id, name, type, vcpus, memory_mb, disk_size_mb, size_bytes, runtime_id,
          created_at)
        values (${id}, ${this.#teamId}, ${name}, 'snapshot', ${vcpus}, ${memoryMb}, 10240,
          ${sizeMb * MB_BYTES}, 'stand-in', ${this.#ago(age)})`;
    }
    await this.#sql`
      update templates set created_at = ${this.#ago(PEOPLE.mira.joined)}, size_bytes = ${MINIMAL_MB * MB_BYTES}
      where id = ${ZERO_UUID}`;
    const held = TEMPLATES.map(({ name }) => ({ team_id: this.#teamId, template_id: templateIdOf(name) }));
    for (const host of this.hosts.values()) {
      if (host.accelerator === "kvm") host.templates.push(...held);
      await host.beat();
    }
  }

  async launchSandboxes(): Promise<void> {
    for (const story of SANDBOXES) await this.#launch(story);
  }

  async #launch({ key, template, host, status, age, left, metadata }: SandboxStory): Promise<void> {
    const on = this.hosts.get(host);
    if (on === undefined) throw new Error(`there is no host ${host}`);
    const isPaused = status === "paused";
    on.set(sandboxIdOf(key), {
      status: isPaused ? SandboxStatus.PAUSED : SandboxStatus.RUNNING,
      memoryKept: isPaused,
    });
    const size = TEMPLATES.find(({ name }) => name === template) ?? { vcpus: 1, memoryMb: 512 };
    await this.#sql`
      insert into sandboxes ${this.#sql({
        id: uuidOf(key),
        team_id: this.#teamId,
        host_id: parseHostId(on.id),
        template_id: templateIdOf(template),
        template_name: template,
        status,
        memory_kept: isPaused,
        vcpus: size.vcpus,
        memory_mb: size.memoryMb,
        disk_size_mb: 10_240,
        timeout_sec: left === undefined ? 0 : TIMEOUT_SEC,
        expires_at: left === undefined ? null : this.#ago(-left - 0.5),
        metadata: this.#sql.json(metadata),
        created_by: parseUserId(this.#owner.userId),
        created_at: this.#ago(age),
        started_at: this.#ago(age),
        last_active_at: this.#ago(1),
      })}`;
  }

  /** What the shown sandbox used since it was launched: idle, a checkout, test runs at intervals. And its team, for an hour. */
  async noteUsage(): Promise<void> {
    const { age, template } = SANDBOXES.find(({ key }) => key === SHOWN) as SandboxStory;
    const { vcpus, memoryMb } = TEMPLATES.find(({ name }) => name === template) ?? TEMPLATES[0];
    const count = Math.floor((age * 60) / SAMPLE_SEC);
    const rows = Array.from({ length: count }, (_, index) => {
      const wave = Math.sin(index / 3) + Math.sin(index / 7.3);
      const isTesting = index % 74 > 48;
      const cpu = isTesting ? 62 + 14 * wave : 3 + Math.abs(wave);
      const memoryShare = 0.17 + 0.12 * Math.min(1, index / 40) + (isTesting ? 0.22 + 0.03 * wave : 0);
      const diskShare = 0.11 + 0.05 * Math.min(1, index / 30) + 0.00012 * index;
      return {
        sandbox_id: uuidOf(SHOWN),
        resolution_sec: SAMPLE_SEC,
        sampled_at: this.#ago((SAMPLE_SEC * (count - index)) / 60),
        cpu_count: vcpus,
        cpu_used_percent: cpu,
        memory_used_bytes: Math.round(memoryShare * memoryMb * MB_BYTES),
        memory_total_bytes: memoryMb * MB_BYTES,
        disk_used_bytes: Math.round(diskShare * 10_240 * MB_BYTES),
        disk_total_bytes: 10_240 * MB_BYTES,
      };
    });
    await this.#sql`insert into sandbox_metrics ${this.#sql(rows)}`;
    await insertTeamSamples(this.#sql, this.#owner.teamId, {
      stepSec: SAMPLE_SEC,
      count: 3_600 / SAMPLE_SEC,
    });
  }

  writeTrail(): Promise<void> {
    return writeTrail(
      this.#sql,
      this.#teamId,
      TRAIL.map((story) => this.#toRow(story)),
    );
  }

  #toRow({ age, by, what, on, status = "success", metadata = {} }: TrailStory): TrailRow {
    const [type = "", action = ""] = what.split(".");
    const more = "person" in on ? { email: emailOf(on.person) } : "key" in on ? { name: on.key } : {};
    return {
      ...this.#actorOf(by),
      resource_type: type,
      resource_id: this.#idOf(on),
      action,
      scope: "team",
      status,
      metadata: { ...more, ...metadata },
      created_at: this.#ago(age),
    };
  }

  #actorOf(by: TrailStory["by"]): Pick<TrailRow, "actor_type" | "actor_id" | "actor_name"> {
    if (by === "system") return { actor_type: "system", actor_id: null, actor_name: null };
    if ("key" in by) {
      return { actor_type: "api_key", actor_id: this.#keys.get(by.key) ?? null, actor_name: by.key };
    }
    const { userId } = this.people[by.person];
    return { actor_type: "user", actor_id: userId, actor_name: PEOPLE[by.person].name };
  }

  #idOf(on: TrailStory["on"]): string | null {
    if ("text" in on) return on.text;
    if ("sandbox" in on) return sandboxIdOf(on.sandbox);
    if ("person" in on) return this.people[on.person].userId;
    return this.#keys.get(on.key) ?? null;
  }
}

export const seed = async (server: TestServer): Promise<Seeded> => {
  const seeding = new Seeding(server);
  await seeding.invitePeople();
  await seeding.makeKeys();
  await seeding.joinHosts();
  await seeding.saveTemplates();
  await seeding.launchSandboxes();
  await seeding.noteUsage();
  await seeding.writeTrail();
  return { now: seeding.now, people: seeding.people, hosts: [...seeding.hosts.values()] };
};
