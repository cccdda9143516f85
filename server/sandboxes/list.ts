/** The list of a team's sandboxes, as a query string asks for it. */
import { type Static, t } from "elysia";

import { SANDBOX_STATUSES, type SandboxStatus } from "../../db/constants.ts";
import { isUuid } from "../../proto/ids.ts";
import { invalidRequest } from "../errors.ts";
import { decodeCursor, encodeCursor } from "../http/cursors.ts";
import { DEFAULT_PAGE, PageQuery } from "../http/schemas.ts";
import { parseTime } from "../http/times.ts";
import type { SandboxContext } from "./context.ts";
import { presentSandbox } from "./present.ts";
import { LIVE_STATUSES } from "./status.ts";
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
/** As PostgreSQL writes it in UTC. */
const TIMESTAMP = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?\+00$/;

const isTimestamp = (text: string): boolean => {
  const written = text.slice(0, 19).replace(" ", "T");
  // A day that its month does not have would be counted on into the next.
  return TIMESTAMP.test(text) && parseTime(`${written}Z`)?.toISOString().startsWith(written) === true;
};

/** Of the parts of a cursor, in the order of `toCursor`. */
export const isPlacePart = (part: string, index: number): boolean =>
  index === 0 ? isTimestamp(part) : isUuid(part);

export const toPlace = ([createdAt = "", id = ""]: string[]): ListPlace => ({ createdAt, id });

export const toCursor = ({ createdAt, id }: ListPlace): string => encodeCursor([createdAt, id]);

const readStatuses = (text: string | undefined): readonly SandboxStatus[] => {
  if (text === undefined) return LIVE_STATUSES;
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
  const { items, next } = await listSandboxes(sql, {
    teamId,
    statuses: readStatuses(status),
    metadata: readMetadata(rest),
    after: cursor === undefined ? null : toPlace(decodeCursor(cursor, 2, isPlacePart)),
    limit,
  });
  return { items: items.map(presentSandbox), next_cursor: next && toCursor(next) };
};
