/** `/v1/me/identities`: the providers a person may sign in through. */
import { Elysia, t } from "elysia";

import { USER } from "../docs/security.ts";
import { withErrors } from "../http/error-responses.ts";
import { pageOf, Timestamp } from "../http/schemas.ts";
import type { Services } from "../services.ts";
import type { IdentityRow } from "./store.ts";

const Identity = t.Object({
  provider: t.String({ examples: ["github"] }),
  email: t.String({ description: "As the provider had it when the two were connected." }),
  created_at: Timestamp,
});

const params = t.Object({ provider: t.String({ examples: ["github", "oidc"] }) });

const toWire = ({ provider, email, created_at }: IdentityRow) => ({
  provider,
  email,
  created_at: created_at.toISOString(),
});

const detail = (operationId: string, summary: string) => ({
  operationId,
  summary,
  tags: ["me"],
  security: USER,
});

export const identityRoutes = ({ guards, oauth }: Services) =>
  new Elysia({ prefix: "/v1/me/identities", normalize: false })
    .derive(guards.user)
    .get(
      "",
      async ({ caller }) => {
        const rows = await oauth.identities.list(caller.userId);
        return { items: rows.map(toWire), next_cursor: null };
      },
      {
        response: withErrors({ 200: pageOf(Identity) }, [401]),
        detail: detail("listIdentities", "List the providers you may sign in through"),
      },
    )
    .post(
      "/:provider",
      async ({ caller, params, set }) => {
        const { userId, sessionId } = caller;
        const begun = await oauth.signIn.begin({
          providerId: params.provider,
          intent: "link",
          linker: { userId, sessionId },
        });
        set.headers["set-cookie"] = oauth.cookie.write(begun.secret);
        return { url: begun.url.href };
      },
      {
        params,
        response: withErrors(
          { 200: t.Object({ url: t.String({ description: "Go there with the same browser." }) }) },
          [401, 404, 503],
        ),
        detail: detail("linkIdentity", "Begin to connect a provider with your account"),
      },
    )
    .delete(
      "/:provider",
      async ({ caller, params, set }) => {
        await oauth.identities.unlink(caller, params.provider);
        set.status = 204;
      },
      {
        params,
        response: withErrors({ 204: t.Void() }, [401, 404, 409]),
        detail: detail("unlinkIdentity", "Disconnect a provider from your account"),
      },
    );
