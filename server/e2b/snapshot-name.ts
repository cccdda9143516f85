/** What a new snapshot is to be called: a name, with the team's own slug and the tag `default` or without. */
import type { Sql } from "../../db/sql.ts";
import type { TeamCaller } from "../auth/context.ts";
import { invalidRequest } from "../errors.ts";
import { listSlugs } from "../teams/store.ts";
import { parseTemplateRef } from "./template-ref.ts";

/** Null for none. Throws 400. */
export const readSnapshotName = async (
  { sql }: { sql: Sql },
  { teamId }: Pick<TeamCaller, "teamId">,
  text: string | null,
): Promise<string | null> => {
  if (text === null || text === "") return null;
  const ref = parseTemplateRef(text);
  if (!ref) {
    throw invalidRequest("name", "name", "name: write name or slug/name; the only tag is default.");
  }
  if (ref.slug && (await listSlugs(sql, [teamId])).get(teamId) !== ref.slug) {
    throw invalidRequest("name", "slug", `name: "${ref.slug}" is not the slug of this team.`);
  }
  return ref.name;
};
