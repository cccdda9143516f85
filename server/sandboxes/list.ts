/** The list of a team's sandboxes, as a query string asks for it. */
import { type Static, t } from "elysia";

import { SANDBOX_STATUSES, type SandboxStatus } from "../../db/constants.ts";
import { isUuid } from "../../proto/ids.ts";
import { invalidRequest } from "../errors.ts";
import { decodeCursor, toPage } from "../http/cursors.ts";
import { DEFAULT_PAGE, PageQuery } from "../http/schemas.ts";
import { parseTime } from "../http/times.ts";
import type { SandboxContext } from "./context.ts";
import { presentSandbox } from "./present.ts";
import { type ListPlace, listSandboxes } from "./store.ts";

export const ListQuery = t.Object(
  {
    ...PageQuery,
    status: t.Optional(
      t.String({ description: "Statuses, separated by commas. Without it, ended ones are left out" }),
    ),
  },
  {
    additionalProperties: t.String(),
    description: "`metadata.KEY=VALUE` keeps those with that value; several must all hold",
  },
);

const METADATA = "metadata.";
/** Of the parts of a cursor, in the order of `cursorOf`. */
export const isPlacePart = (part: string, index: number): boolean =>
  index === 0 ? parseTime(part)?.toISOString() === part : isUuid(part);

export const toPlace = ([createdAt = "", id = ""]: string[]): ListPlace => ({
  createdAt: new Date(createdAt),
  id,
});

export const cursorOf = ({ createdAt, id }: ListPlace): string[] => [createdAt.toISOString(), id];

const readStatuses = (text: string | undefined): readonly SandboxStatus[] | null => {
  if (text === undefined) return null;
  return text.split(",").map((word) => {
    const status = SANDBOX_STATUSES.find((known) => known === word.trim());
    if (status) return status;
    throw invalidRequest("status", "enum", `status: expected any of ${SANDBOX_STATUSES.join(", ")}.`);
  });
};

const readMetadata = (rest: Record<string, unknown>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(rest).map(([key, value]) => {
      if (key.startsWith(METADATA) && typeof value === "string") {
        return [key.slice(METADATA.length), value];
      }
      throw invalidRequest(key, "unknown_field", `There is no field ${key} here.`);
    }),
  );

/** Newest first, in pages. */
export const listPage = async (
  { sql }: Pick<SandboxContext, "sql">,
  teamId: string,
  { limit = DEFAULT_PAGE, cursor, status, ...rest }: Static<typeof ListQuery>,
) => {
  const rows = await listSandboxes(sql, {
    teamId,
    statuses: readStatuses(status),
    metadata: readMetadata(rest),
    after: cursor === undefined ? null : toPlace(decodeCursor(cursor, 2, isPlacePart)),
    limit: limit + 1,
  });
  const { items, next_cursor } = toPage(rows, limit, cursorOf);
  return { items: items.map(presentSandbox), next_cursor };
};
