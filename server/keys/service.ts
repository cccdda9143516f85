/** API keys of a team: made, listed, revoked. */
import { API_KEY_SCOPES } from "../../db/constants.ts";
import type { ApiKeyScope } from "../../db/constants.ts";
import type { Sql } from "../../db/sql.ts";
import { isUuid, newId } from "../../proto/ids.ts";
import { record } from "../audit/record.ts";
import { keyEvents } from "../audit/team-events.ts";
import type { TeamCaller } from "../auth/context.ts";
import { forbidden, invalidRequest, notFound } from "../errors.ts";
import { decodeCursor, toPage } from "../http/cursors.ts";
import type { Page } from "../http/cursors.ts";
import { notAMember } from "../teams/errors.ts";
import { keepMembership } from "../teams/members-store.ts";
import { isPlainText } from "../text.ts";
import { newKey } from "./key-format.ts";
import { insertKey, listKeys, lockKey, revokeKey } from "./store.ts";
import type { ApiKeyRow } from "./store.ts";

type Maker = Pick<TeamCaller, "teamId" | "userId" | "actor">;

export interface KeyRequest {
  name: string;
  /** Default: all. */
  scopes?: readonly ApiKeyScope[];
  expiresAt?: Date | null;
}

const check = ({ name, expiresAt }: KeyRequest): void => {
  if (!isPlainText(name)) throw invalidRequest("name", "pattern", "name: use printable characters.");
  if (expiresAt && expiresAt.getTime() <= Date.now()) {
    throw invalidRequest("expires_at", "future", "expires_at: choose a time to come.");
  }
};

export const createKeyService = (sql: Sql) => ({
  /** The only time the key's text exists. */
  async create(maker: Maker, request: KeyRequest): Promise<{ key: string; row: ApiKeyRow }> {
    const name = request.name.trim().normalize("NFC");
    check({ ...request, name });
    const made = newKey();
    const row = await sql.begin(async (tx) => {
      if ((await keepMembership(tx, maker)) === null) throw notAMember();
      const inserted = await insertKey(tx, {
        id: newId(),
        teamId: maker.teamId,
        name,
        hash: made.hash,
        prefix: made.prefix,
        scopes: [...new Set(request.scopes ?? API_KEY_SCOPES)],
        createdBy: maker.userId,
        expiresAt: request.expiresAt ?? null,
      });
      await record(tx, keyEvents.created({ ...maker, keyId: inserted.id, name }));
      return inserted;
    });
    return { key: made.text, row };
  },

  async list(teamId: string, page: { cursor?: string; limit: number }): Promise<Page<ApiKeyRow>> {
    const [before = null] = page.cursor === undefined ? [] : decodeCursor(page.cursor, 1, isUuid);
    const rows = await listKeys(sql, { teamId, before, limit: page.limit + 1 });
    return toPage(rows, page.limit, ({ id }) => [id]);
  },

  /** 404 when there is no such live key, 403 for someone else's without the role. */
  async revoke(caller: Maker, keyId: string): Promise<void> {
    await sql.begin(async (tx) => {
      const role = await keepMembership(tx, caller);
      if (role === null) throw notAMember();
      const found = await lockKey(tx, { teamId: caller.teamId, keyId });
      if (found === undefined) throw notFound("api_key_not_found", "This team has no such API key.");
      if (found.created_by !== caller.userId && role === "member") {
        throw forbidden("Members may revoke their own keys only; ask an admin of the team.");
      }
      await revokeKey(tx, keyId);
      await record(tx, keyEvents.revoked({ ...caller, keyId, name: found.name }));
    });
  },
});

export type KeyService = ReturnType<typeof createKeyService>;
