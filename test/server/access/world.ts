/** One team with everything a route may ask for, written straight into the database, for one actor in one state. */
import { SignJWT } from "jose";

import type { Sql } from "../../../db/sql.ts";
import {
  formatHostId,
  formatKeyId,
  formatSandboxId,
  formatSessionId,
  formatTeamId,
  formatUserId,
  newId,
  ZERO_UUID,
} from "../../../proto/ids.ts";
import { sha256 } from "../../../server/auth/secrets.ts";
import { newKey } from "../../../server/keys/key-format.ts";
import { newSlug } from "../../../server/teams/names.ts";
import type { TestServer } from "../../support/server.ts";
import { type Actor, isKey, KEYS, PEOPLE, type Person, type State } from "./cells.ts";

/** Prefixed ids, as routes take them. */
export interface World {
  headers: Record<string, string>;
  team: string;
  /** The outsider's own. */
  otherTeam: string;
  /** In the team, and never the actor. */
  bystander: string;
  /** An account outside the team. */
  stranger: { id: string; email: string };
  /** The actor's own sign-in, and one more of it. */
  spareSession: string;
  /** The bystander's. */
  key: string;
  sandbox: string;
  /** On a host that never came. */
  paused: string;
  snapshot: string;
  /** The team's own, not registered yet. */
  host: string;
  actorId: string;
}

const KEY_SCOPES = {
  "read key": "read",
  "sandboxes key": "sandboxes",
  "templates key": "templates",
} as const;

/** Whose rights a credential has: keys are made by an admin of the team. */
const personOf = (actor: Actor): Person => {
  if (isKey(actor)) return "admin";
  return actor === "nobody" ? "outsider" : actor;
};

class Builder {
  constructor(
    private readonly sql: Sql,
    private readonly mark = crypto.randomUUID().slice(0, 8),
  ) {}

  async user(name: string, isAdmin = false): Promise<{ id: string; email: string }> {
    const user = { id: newId(), email: `${name.replaceAll(" ", "-")}-${this.mark}@example.com` };
    await this.sql`insert into users ${this.sql({ ...user, name, is_admin: isAdmin })}`;
    return user;
  }

  async session(userId: string): Promise<string> {
    const familyId = newId();
    await this.sql`insert into sessions ${this.sql({
      id: newId(),
      user_id: userId,
      family_id: familyId,
      token_hash: sha256(familyId),
      expires_at: new Date(Date.now() + 3_600_000),
    })}`;
    return familyId;
  }

  async team(people: Record<string, "owner" | "admin" | "member">): Promise<string> {
    const id = newId();
    await this.sql`
      insert into teams (id, name, slug, is_byoc)
      values (${id}, ${`Team ${this.mark}`}, ${newSlug()}, true)`;
    const rows = Object.entries(people).map(([user_id, role]) => ({ team_id: id, user_id, role }));
    await this.sql`insert into memberships ${this.sql(rows)}`;
    return id;
  }

  async key(teamId: string, userId: string, scope = "read"): Promise<{ id: string; text: string }> {
    const made = newKey();
    const id = newId();
    await this.sql`insert into api_keys ${this.sql({
      id,
      team_id: teamId,
      name: scope,
      key_hash: made.hash,
      key_prefix: made.prefix,
      scopes: [scope],
      created_by: userId,
    })}`;
    return { id, text: made.text };
  }

  /** An ended sandbox and a paused one, a snapshot that needs nobody, and a host that never came. */
  async things(teamId: string) {
    const [sandboxId, hostId, snapshot] = [newId(), newId(), `snapshot-${this.mark}`];
    const [pausedId, silentHostId] = [newId(), newId()];
    await this.sql`
      insert into hosts (id, type, team_id, name)
      values (${hostId}, 'byoc', ${teamId}, ${this.mark}), (${silentHostId}, 'byoc', ${teamId}, 'silent')`;
    const machine = { template_id: ZERO_UUID, template_name: "minimal", vcpus: 1, memory_mb: 512 };
    const sandbox = { ...machine, team_id: teamId, disk_size_mb: 5120 };
    await this.sql`insert into sandboxes ${this.sql([
      { ...sandbox, id: sandboxId, status: "stopped", host_id: null },
      { ...sandbox, id: pausedId, status: "paused", host_id: silentHostId },
    ])}`;
    await this.sql`insert into templates ${this.sql({
      id: newId(),
      team_id: teamId,
      name: snapshot,
      type: "snapshot",
      vcpus: 1,
      memory_mb: 512,
      disk_size_mb: 5120,
    })}`;
    return { sandboxId, pausedId, snapshot, hostId };
  }
}

const signToken = (
  server: TestServer,
  claims: { userId: string; sessionId: string; teamId: string },
  state: State,
): Promise<string> => {
  const { instanceId, userTokenKey } = server.server.services.settings;
  const isForeign = state === "foreign token";
  const nowSec = Math.floor(Date.now() / 1000);
  // The claims promise everything: no right may follow from them.
  const promised = { role: "owner", is_admin: true, name: "x", email: "x@example.com" };
  return new SignJWT({ sid: claims.sessionId, team_id: claims.teamId, ...promised })
    .setProtectedHeader({ alg: "HS256" })
    .setIssuer(isForeign ? crypto.randomUUID() : instanceId)
    .setAudience("user")
    .setSubject(claims.userId)
    .setIssuedAt(nowSec - 900)
    .setExpirationTime(state === "token expired" ? nowSec - 1 : nowSec + 900)
    .sign(isForeign ? crypto.getRandomValues(new Uint8Array(32)) : userTokenKey);
};

/** What happened to the actor's rights. */
const happen = async (
  sql: Sql,
  state: State,
  of: { person: Person; userId: string; teamId: string; keyId: string | null },
): Promise<void> => {
  const { person, userId, teamId, keyId } = of;
  switch (state) {
    case "removed":
      await sql`delete from memberships where team_id = ${teamId} and user_id = ${userId}`;
      return;
    case "demoted":
      if (person === "platform admin") await sql`update users set is_admin = false where id = ${userId}`;
      await sql`
        update memberships set role = 'member' where team_id = ${teamId} and user_id = ${userId}`;
      return;
    case "disabled":
      await sql`update users set disabled_at = now() where id = ${userId}`;
      return;
    case "team deleted":
      await sql`update teams set deleted_at = now() where id = ${teamId}`;
      return;
    case "key revoked":
      await sql`update api_keys set revoked_at = now() where id = ${keyId}`;
      return;
    case "key expired":
      await sql`update api_keys set expires_at = now() - interval '1 second' where id = ${keyId}`;
      return;
    case "fresh":
    case "token expired":
    case "foreign token":
  }
};

export const buildWorld = async (server: TestServer, actor: Actor, state: State): Promise<World> => {
  const { sql } = server.database;
  const builder = new Builder(sql);
  const made = await Promise.all(
    PEOPLE.map(async (person) => [person, await builder.user(person, person === "platform admin")] as const),
  );
  const people = Object.fromEntries(made) as Record<Person, { id: string; email: string }>;
  const [bystander, stranger] = [await builder.user("bystander"), await builder.user("stranger")];
  const teamId = await builder.team({
    [people.owner.id]: "owner",
    [people.admin.id]: "admin",
    [people.member.id]: "member",
    [bystander.id]: "member",
  });
  const otherTeamId = await builder.team({
    [people.outsider.id]: "owner",
    [people["platform admin"].id]: "member",
  });
  const person = personOf(actor);
  const userId = people[person].id;
  const keys = await Promise.all(
    KEYS.map(async (name) => [name, await builder.key(teamId, people.admin.id, KEY_SCOPES[name])] as const),
  );
  const key = isKey(actor) ? keys.find(([name]) => name === actor)?.[1] : undefined;
  const own = await builder.session(userId);
  const spare = await builder.session(userId);
  const bystanders = await builder.key(teamId, bystander.id);
  const { sandboxId, pausedId, snapshot, hostId } = await builder.things(teamId);
  const ownTeam = person === "outsider" || person === "platform admin" ? otherTeamId : teamId;
  const token = await signToken(server, { userId, sessionId: own, teamId: ownTeam }, state);
  await happen(sql, state, { person, userId, teamId, keyId: key?.id ?? null });
  const credential: Record<string, string> =
    key === undefined ? { authorization: `Bearer ${token}` } : { "x-api-key": key.text };
  return {
    headers: actor === "nobody" ? {} : credential,
    team: formatTeamId(teamId),
    otherTeam: formatTeamId(otherTeamId),
    bystander: formatUserId(bystander.id),
    stranger: { id: formatUserId(stranger.id), email: stranger.email },
    spareSession: formatSessionId(spare),
    key: formatKeyId(bystanders.id),
    sandbox: formatSandboxId(sandboxId),
    paused: formatSandboxId(pausedId),
    snapshot,
    host: formatHostId(hostId),
    actorId: formatUserId(userId),
  };
};
