/** Templates and snapshots as E2B's clients read them. */
import type { Static } from "@sinclair/typebox";

import type { Sql } from "../../db/sql.ts";
import { ENVD_VERSION } from "../../proto/envd-version.ts";
import { formatHexId, ZERO_UUID } from "../../proto/ids.ts";
import { listSlugs } from "../teams/store.ts";
import type { Template, TemplateUse } from "../templates/store.ts";
import type { SnapshotModel, TemplateModel } from "./schemas.ts";
import { aliasOf, fullName } from "./template-ref.ts";

/** Slugs by team id, of all that own one of `templates`. */
export const slugsOf = (
  { sql }: { sql: Sql },
  templates: readonly Template[],
): Promise<Map<string, string>> => listSlugs(sql, [...new Set(templates.map(({ teamId }) => teamId))]);

const nameOf = ({ teamId, name }: Template, slugs: ReadonlyMap<string, string>): string =>
  fullName(slugs.get(teamId) ?? "", name);

export const presentSnapshot = (
  template: Template,
  slugs: ReadonlyMap<string, string>,
): Static<typeof SnapshotModel> => ({
  snapshotID: formatHexId(template.id),
  names: [nameOf(template, slugs)],
});

const BUILD_STATUS = {
  building: "building",
  copying: "building",
  present: "ready",
  deleting: "waiting",
} as const;

/** @param use by template id; a template without one was not used */
export const presentTemplate = (
  template: Template,
  slugs: ReadonlyMap<string, string>,
  use: ReadonlyMap<string, TemplateUse>,
): Static<typeof TemplateModel> => {
  const { id, teamId, name, state, createdAt } = template;
  const { count = 0, lastAt = null } = use.get(id) ?? {};
  const alias = aliasOf(name);
  return {
    templateID: formatHexId(id),
    // There is one build of each.
    buildID: id,
    buildCount: 1,
    buildStatus: state === null ? "waiting" : BUILD_STATUS[state],
    public: teamId === ZERO_UUID,
    aliases: alias === name ? [name] : [alias, name],
    names: [nameOf(template, slugs)],
    cpuCount: template.vcpus,
    memoryMB: template.memoryMb,
    diskSizeMB: template.diskSizeMb,
    envdVersion: ENVD_VERSION,
    createdAt: createdAt.toISOString(),
    updatedAt: createdAt.toISOString(),
    createdBy: null,
    lastSpawnedAt: lastAt?.toISOString() ?? null,
    spawnCount: count,
  };
};
