/** The list of a team's sandboxes, as E2B's clients ask for it. */
import { type Static, t } from "elysia";

import { invalidRequest } from "../errors.ts";
import { type Page, toPage } from "../http/cursors.ts";
import { wordOf } from "../http/schemas.ts";
import { readTime } from "../http/times.ts";
import type { SandboxContext } from "../sandboxes/context.ts";
import { cursorOf, isPlacePart, toPlace } from "../sandboxes/list.ts";
import { listSandboxes } from "../sandboxes/store.ts";
import { findTemplate } from "../templates/store.ts";
import { readMetadataFilter } from "./metadata-filter.ts";
import { MAX_PAGE, PageQuery, readToken } from "./paging.ts";
import { presentListed } from "./present.ts";
import type { ListedSandboxModel } from "./schemas.ts";
import { type State, STATES, STATUSES_OF } from "./states.ts";
import { parseTemplateRef } from "./template-ref.ts";

const OPEN = { additionalProperties: true } as const;

const Metadata = t.Optional(
  t.String({ description: "`key=value&key=value`, all of which must hold; each key and value URL-encoded" }),
);

export const RunningQuery = t.Object({ metadata: Metadata }, OPEN);

export const ListQuery = t.Object(
  {
    ...PageQuery,
    metadata: Metadata,
    state: t.Optional(
      t.String({ description: "`running`, `paused` or both with a comma. Without it, both" }),
    ),
    startedAfter: t.Optional(t.String({ description: "RFC 3339; those started then are in" })),
    template: t.Optional(t.String({ maxLength: 256, description: "Id or name" })),
    order: t.Optional(wordOf(["asc", "desc"])),
  },
  OPEN,
);

const readStates = (text: string | undefined): readonly State[] => {
  if (text === undefined || text === "") return STATES;
  return text.split(",").map((word) => {
    const state = STATES.find((known) => known === word.trim());
    if (state) return state;
    throw invalidRequest("state", "enum", `state: expected ${STATES.join(" or ")}, not "${word}".`);
  });
};

/** Undefined: not asked for; null: there is none of it. */
const readTemplate = async (
  { sql }: Pick<SandboxContext, "sql">,
  teamId: string,
  text: string | undefined,
): Promise<string | undefined | null> => {
  if (text === undefined || text === "") return undefined;
  const ref = parseTemplateRef(text);
  return (ref && (await findTemplate(sql, { ...ref, teamId })))?.id ?? null;
};

export const listPage = async (
  context: Pick<SandboxContext, "sql">,
  teamId: string,
  query: Static<typeof ListQuery>,
): Promise<Page<Static<typeof ListedSandboxModel>>> => {
  const { limit = MAX_PAGE, nextToken, metadata, state, startedAfter, template, order } = query;
  const after = readToken(nextToken, 2, isPlacePart);
  const filter = {
    teamId,
    statuses: readStates(state).flatMap((one) => STATUSES_OF[one]),
    metadata: readMetadataFilter(metadata),
    createdFrom: startedAfter ? readTime("startedAfter", startedAfter) : undefined,
    order,
    after: after && toPlace(after),
    limit: limit + 1,
  };
  const templateId = await readTemplate(context, teamId, template);
  if (templateId === null) return { items: [], next_cursor: null };
  const rows = await listSandboxes(context.sql, { ...filter, templateId });
  const { items, next_cursor } = toPage(rows, limit, cursorOf);
  return { items: items.map(presentListed), next_cursor };
};
