/** `/v1/admin/users`: every account, for platform admins. */
import { Elysia, t } from "elysia";

import { parseUserId } from "../../proto/ids.ts";
import { ADMIN } from "../docs/security.ts";
import { withErrors } from "../http/error-responses.ts";
import { DEFAULT_PAGE, pageOf, PageQuery, Timestamp } from "../http/schemas.ts";
import { readId } from "../http/wire-ids.ts";
import type { Services } from "../services.ts";
import type { IssuedLink } from "../users/links.ts";
import { Email, PersonName } from "../users/schemas.ts";
import { AdminUserModel, presentAdminUser } from "./present.ts";

const LinkModel = t.Object({
  url: t.String({ description: "Opens the page to set a password; works once, shown this once" }),
  token: t.String({ description: "The same for `POST /v1/auth/set-password`" }),
  expires_at: Timestamp,
});

const presentLink = ({ url, token, expiresAt }: IssuedLink) => ({
  url,
  token,
  expires_at: expiresAt.toISOString(),
});

const UserParams = t.Object({ id: t.String({ description: "User id" }) });
const userIdOf = ({ id }: { id: string }): string => readId(parseUserId, "id", id);

const detail = (operationId: string, summary: string) => ({
  operationId,
  summary,
  tags: ["administration"],
  security: ADMIN,
});

export const adminUserRoutes = ({
  guards,
  userAdministration,
}: Pick<Services, "guards" | "userAdministration">) =>
  new Elysia({ name: "admin-users", prefix: "/v1/admin/users", normalize: false })
    .derive(guards.admin)
    .get(
      "",
      async ({ query }) => {
        const page = await userAdministration.list({ ...query, limit: query.limit ?? DEFAULT_PAGE });
        return { ...page, items: page.items.map(presentAdminUser) };
      },
      {
        query: t.Object({
          ...PageQuery,
          email: t.Optional(t.String({ maxLength: 254, description: "How the address begins" })),
        }),
        response: withErrors({ 200: pageOf(AdminUserModel) }, [400, 401, 403]),
        detail: detail("listUsers", "List all accounts, newest first"),
      },
    )
    .post(
      "",
      async ({ caller, body, set }) => {
        const { email, name, is_admin: isAdmin = false } = body;
        const { user, link } = await userAdministration.add(caller, { email, name, isAdmin });
        set.status = 201;
        return { user: presentAdminUser(user), link: presentLink(link) };
      },
      {
        body: t.Object({ email: Email, name: PersonName, is_admin: t.Optional(t.Boolean()) }),
        response: withErrors(
          { 201: t.Object({ user: AdminUserModel, link: LinkModel }) },
          [400, 401, 403, 409],
        ),
        detail: detail(
          "addUser",
          "Make an account; its person sets a password with the link, within 24 hours",
        ),
      },
    )
    .put(
      "/:id",
      async ({ caller, params, body }) => {
        const change = { name: body.name, isAdmin: body.is_admin, isDisabled: body.is_disabled };
        return presentAdminUser(await userAdministration.update(caller, { id: userIdOf(params), change }));
      },
      {
        params: UserParams,
        body: t.Object({
          name: t.Optional(PersonName),
          is_admin: t.Optional(t.Boolean()),
          is_disabled: t.Optional(t.Boolean({ description: "Its sessions and keys stop at once" })),
        }),
        response: withErrors({ 200: AdminUserModel }, [400, 401, 403, 404, 409]),
        detail: detail("updateUser", "Rename an account, make it administrator or not, disable or enable it"),
      },
    )
    .post(
      "/:id/reset-link",
      async ({ caller, params, set }) => {
        set.status = 201;
        return presentLink(await userAdministration.issueResetLink(caller, userIdOf(params)));
      },
      {
        params: UserParams,
        response: withErrors({ 201: LinkModel }, [400, 401, 403, 404, 409]),
        detail: detail("issueResetLink", "A link to set a new password; the ones before end"),
      },
    );
