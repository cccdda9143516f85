/** `/v1/auth/options`: what a login page may offer. */
import { Elysia, t } from "elysia";

import { OPEN } from "../docs/security.ts";
import { withErrors } from "../http/error-responses.ts";
import { nullable, wordOf } from "../http/schemas.ts";
import { wordsFor } from "../oauth/error-words.ts";
import type { Services } from "../services.ts";
import { SIGNUP_STATES } from "./sign-in-options.ts";

const Options = t.Object({
  signup: wordOf(SIGNUP_STATES),
  setup_code_required: t.Boolean({ description: "For the first account of a reachable server." }),
  providers: t.Array(t.Object({ id: t.String({ examples: ["github"] }), name: t.String() })),
  error_words: nullable(
    t.Object(
      { title: t.String(), advice: t.String() },
      { description: "Words for the `error` that was asked for" },
    ),
  ),
});

const OptionsQuery = t.Object({
  error: t.Optional(
    t.String({ maxLength: 64, description: "A code with which a sign-in through a provider came back" }),
  ),
});

export const signInOptionsRoutes = ({ signInOptions, limits }: Pick<Services, "signInOptions" | "limits">) =>
  new Elysia({ prefix: "/v1/auth", normalize: false }).get(
    "/options",
    async ({ request, set, query }) => {
      limits.link({ request, set });
      const { signup, setupCodeRequired, providers } = await signInOptions();
      return {
        signup,
        setup_code_required: setupCodeRequired,
        providers: providers.map(({ id, name }) => ({ id, name })),
        error_words: query.error === undefined ? null : wordsFor(query.error),
      };
    },
    {
      query: OptionsQuery,
      response: withErrors({ 200: Options }, [400, 429, 503]),
      detail: {
        operationId: "getSignInOptions",
        summary: "What a login page may offer",
        tags: ["sign-in"],
        security: OPEN,
      },
    },
  );
