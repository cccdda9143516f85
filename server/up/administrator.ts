/** Acts as the instance's administrator without a password: whoever may read the database may do that. */
import type { Sql } from "../../db/sql.ts";
import { userActor } from "../audit/actor.ts";
import { createSessions } from "../auth/sessions.ts";
import { Tokens } from "../auth/tokens.ts";
import { createKeyService } from "../keys/service.ts";
import { loadSettings } from "../settings.ts";
import { chooseTeam, findOldestAdmin } from "../users/store.ts";
import { CommandFailure } from "./failure.ts";

export interface Administrator {
  email: string;
  /** A fresh user token, good for fifteen minutes. */
  token(): Promise<string>;
  /** A new API key of the administrator's team; older ones of that name are revoked. */
  replaceKey(name: string): Promise<string>;
  /** Ends the session. */
  end(): Promise<void>;
}

const MAX_KEYS_READ = 200;

/** Throws `CommandFailure` when no enabled administrator with a team is left. */
export const openAdministrator = async (sql: Sql): Promise<Administrator> => {
  const user = await findOldestAdmin(sql);
  const team = user === undefined ? undefined : await chooseTeam(sql, { userId: user.id, wished: null });
  if (user === undefined || team === undefined) {
    throw new CommandFailure(
      "missing_rights",
      "this instance has no enabled administrator with a team, as whom this machine could be registered",
    );
  }
  const sessions = createSessions(sql);
  const tokens = new Tokens(await loadSettings(sql));
  const keys = createKeyService(sql);
  const session = await sql.begin((tx) => sessions.begin(tx, { userId: user.id, userAgent: "wrenn up" }));
  const maker = { teamId: team.team_id, userId: user.id, actor: userActor(user.id, user.name) };

  return {
    email: user.email,
    token: async () => {
      const claims = {
        team_id: team.team_id,
        role: team.role,
        name: user.name,
        email: user.email,
        is_admin: true,
      };
      return (await tokens.signUser({ sub: user.id, sid: session.sessionId, ...claims })).token;
    },
    replaceKey: async (name) => {
      const { items } = await keys.list(maker.teamId, { limit: MAX_KEYS_READ });
      const { key } = await keys.create(maker, { name });
      for (const old of items.filter((one) => one.name === name && one.created_by === user.id)) {
        await keys.revoke(maker, old.id);
      }
      return key;
    },
    end: () => sessions.end(session.refreshToken),
  };
};
