/** What a query string asks of the audit trail. */
import { t } from "elysia";

import { AUDIT_RESOURCE_TYPES, type TeamRole } from "../../db/constants.ts";
import { invalidRequest } from "../errors.ts";
import { decodeCursor } from "../http/cursors.ts";
import { isAtLeast } from "../teams/roles.ts";
import type { AuditFilter } from "./store.ts";

const MAX_VALUES = 50;

const listed = (description: string) =>
  t.Optional(
    t.Union(
      [t.String({ maxLength: 2_000 }), t.Array(t.String({ maxLength: 200 }), { maxItems: MAX_VALUES })],
      {
        description: `${description}; several by comma or by repeating it`,
      },
    ),
  );

export const FilterQuery = {
  resource_type: listed(`Any of ${AUDIT_RESOURCE_TYPES.join(", ")}`),
  action: listed("As `create`"),
  resource_id: t.Optional(t.String({ maxLength: 200, description: "As it stands in the rows" })),
};

export interface FilterWords {
  resource_type?: string | string[];
  action?: string | string[];
  resource_id?: string;
}

/** `a,b` and `["a", "b,c"]` as their words. */
const words = (name: string, value: string | string[] | undefined): string[] => {
  const found = [value ?? []].flat().flatMap((text) => text.split(",").flatMap((word) => word.trim() || []));
  // Nothing named is no wish for everything.
  if (value !== undefined && found.length === 0) {
    throw invalidRequest(name, "min_items", `${name}: name at least one value, or leave it out.`);
  }
  if (found.length <= MAX_VALUES) return found;
  throw invalidRequest(name, "max_items", `${name}: at most ${MAX_VALUES} values at once.`);
};

const readTypes = (value: FilterWords["resource_type"]): AuditFilter["resourceTypes"] =>
  words("resource_type", value).map((word) => {
    const type = AUDIT_RESOURCE_TYPES.find((known) => known === word);
    if (type !== undefined) return type;
    const sentence = `resource_type: expected any of ${AUDIT_RESOURCE_TYPES.join(", ")}.`;
    throw invalidRequest("resource_type", "enum", sentence);
  });

/** @param role decides what is shown: members see what concerns everyone, owner and admins all. */
export const toFilter = (teamId: string, role: TeamRole, query: FilterWords): AuditFilter => ({
  teamId,
  scope: isAtLeast(role, "admin") ? null : "team",
  resourceTypes: readTypes(query.resource_type),
  actions: words("action", query.action),
  resourceId: query.resource_id ?? null,
});

const SEQ = /^[1-9]\d{0,15}$/;

/** The row below which a page begins, or null for the newest. */
export const readBefore = (cursor: string | undefined): number | null =>
  cursor === undefined ? null : Number(decodeCursor(cursor, 1, (part) => SEQ.test(part))[0]);
