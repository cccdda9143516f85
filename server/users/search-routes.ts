/** `/v1/users/search`: site-wide, for "add member". */
import { Elysia, t } from "elysia";

import { formatUserId } from "../../proto/ids.ts";
import { USER } from "../docs/security.ts";
import { withErrors } from "../http/error-responses.ts";
import type { Services } from "../services.ts";
import { readSearch, searchUsers } from "./search.ts";

const FoundUser = t.Object({ id: t.String(), email: t.String() });

export const searchRoutes = ({ guards, limits, sql }: Pick<Services, "guards" | "limits" | "sql">) =>
  new Elysia({ name: "user-search", prefix: "/v1/users", normalize: false }).derive(guards.user).get(
    "/search",
    async ({ caller, query, set }) => {
      await limits.shared("search", caller.userId, set);
      const found = await searchUsers(sql, readSearch(query.email));
      return { items: found.map(({ id, email }) => ({ id: formatUserId(id), email })), next_cursor: null };
    },
    {
      query: t.Object({
        email: t.String({
          maxLength: 254,
          description: "How the address begins: its @ and at least three characters",
        }),
      }),
      response: withErrors(
        { 200: t.Object({ items: t.Array(FoundUser), next_cursor: t.Null() }) },
        [400, 401],
      ),
      detail: {
        operationId: "searchUsers",
        summary: "Complete an e-mail address; at most ten",
        tags: ["teams"],
        security: USER,
      },
    },
  );
