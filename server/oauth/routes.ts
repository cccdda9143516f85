/**
 * `/auth/oauth`: a browser's way to a provider and back. A person is looking, so every end is a redirect to a
 * page, and a failure goes to the login page, which explains its code.
 */
import { Elysia, t } from "elysia";

import { OPEN } from "../docs/security.ts";
import { toApiError } from "../errors.ts";
import { wordOf } from "../http/schemas.ts";
import type { Services } from "../services.ts";
import { isOauthError } from "./error-words.ts";

const detail = (operationId: string, summary: string) => ({
  operationId,
  summary,
  tags: ["sign-in"],
  security: OPEN,
});

const response = { 303: t.Void({ description: "To the provider, the front page or the login page." }) };

const params = t.Object({ provider: t.String({ examples: ["github", "oidc"] }) });

const redirect = (url: string, cookies: readonly string[] = []): Response => {
  const headers = new Headers({ location: url });
  for (const cookie of cookies) headers.append("set-cookie", cookie);
  return new Response(null, { status: 303, headers });
};

export const oauthRoutes = ({ oauth, refreshCookie, config, limits, log, requests }: Services) => {
  /** The code of a failure. One of the server's own ends here, so here it is logged. */
  const codeOf = (thrown: unknown, request: Request): string => {
    const { status, code, message, cause } = toApiError(thrown);
    if (status >= 500 && !isOauthError(code)) {
      log.error(message, { request_id: requests.info(request).id, code, error: cause });
    }
    return code;
  };

  const failed = (code: string): string => `${config.publicUrl}/login?error=${encodeURIComponent(code)}`;

  return new Elysia({ prefix: "/auth/oauth", normalize: false })
    .get(
      "/:provider",
      async ({ params, query, request }) => {
        const { intent = "login" } = query;
        try {
          limits.link({ request });
          const begun = await oauth.signIn.begin({ providerId: params.provider, intent, linker: null });
          return redirect(begun.url.href, [oauth.cookie.write(begun.secret)]);
        } catch (error) {
          return redirect(failed(codeOf(error, request)));
        }
      },
      {
        params,
        query: t.Object({ intent: t.Optional(wordOf(["login", "signup"])) }, { additionalProperties: true }),
        response,
        detail: detail("startProviderSignIn", "Sign in or up through a provider: a redirect to it"),
      },
    )
    .get(
      "/:provider/callback",
      async ({ params, request }) => {
        try {
          limits.link({ request });
          const refreshToken = await oauth.signIn.finish({
            providerId: params.provider,
            parameters: new URL(request.url).searchParams,
            secret: oauth.cookie.read(request),
            userAgent: request.headers.get("user-agent"),
          });
          const session = refreshToken === null ? [] : [refreshCookie.write(refreshToken)];
          return redirect(`${config.publicUrl}/`, [oauth.cookie.write(""), ...session]);
        } catch (error) {
          const code = codeOf(error, request);
          // The cookie belongs to a sign-in in another tab, which goes on.
          const cookies = code === "state_mismatch" ? [] : [oauth.cookie.write("")];
          return redirect(failed(code), cookies);
        }
      },
      {
        params,
        response,
        detail: detail("finishProviderSignIn", "Where the provider sends the browser back to"),
      },
    );
};
