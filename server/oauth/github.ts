/**
 * GitHub and GitHub Enterprise: OAuth without OpenID Connect, so who came is asked of the API
 * (https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps).
 */
import { Type } from "@sinclair/typebox";
import type { Static, TSchema } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import {
  authorizationCodeGrantRequest,
  ClientSecretPost,
  processAuthorizationCodeResponse,
  protectedResourceRequest,
  validateAuthResponse,
} from "oauth4webapi";

import type { GithubConfig } from "../config/oauth.ts";
import { buildAuthorizationUrl, exchangeOptions } from "./exchange.ts";
import { ProviderError } from "./provider.ts";
import type { Profile, Provider, Visit } from "./provider.ts";

const User = Type.Object({
  id: Type.Integer({ minimum: 1 }),
  login: Type.String(),
  name: Type.Optional(Type.Union([Type.String(), Type.Null()])),
});
const Emails = Type.Array(
  Type.Object({ email: Type.String(), primary: Type.Boolean(), verified: Type.Boolean() }),
);
const Refusal = Type.Object({ error: Type.String(), error_description: Type.Optional(Type.String()) });

const HEADERS = {
  accept: "application/vnd.github+json",
  "x-github-api-version": "2022-11-28",
  "user-agent": "wrenn",
};

const check = <T extends TSchema>(schema: T, value: unknown, what: string): Static<T> => {
  if (Value.Check(schema, value)) return value;
  throw new ProviderError(`GitHub's ${what} has not the form that is known`);
};

export const createGithub = (config: GithubConfig, { timeoutMs }: { timeoutMs: number }): Provider => {
  const { url, apiUrl, clientId } = config;
  const client = { client_id: clientId };
  const authentication = ClientSecretPost(config.clientSecret);
  const server = {
    issuer: `${url}/login/oauth`,
    authorization_endpoint: `${url}/login/oauth/authorize`,
    token_endpoint: `${url}/login/oauth/access_token`,
  };
  type Options = ReturnType<typeof exchangeOptions>;

  const requestToken = async (
    { redirectUri, secrets, parameters }: Visit & { parameters: URLSearchParams },
    options: Options,
  ): Promise<string> => {
    const checked = validateAuthResponse(server, client, parameters, secrets.state);
    const response = await authorizationCodeGrantRequest(
      server,
      client,
      authentication,
      checked,
      redirectUri,
      secrets.codeVerifier,
      options,
    );
    // A refusal comes with status 200 here.
    const body: unknown = await response
      .clone()
      .json()
      .catch(() => null);
    if (Value.Check(Refusal, body)) {
      throw new ProviderError(`GitHub refused the code: ${body.error} (${body.error_description ?? ""})`);
    }
    return (await processAuthorizationCodeResponse(server, client, response)).access_token;
  };

  const get = async (path: string, token: string, options: Options): Promise<unknown> => {
    const address = new URL(`${apiUrl}${path}`);
    const headers = new Headers(HEADERS);
    const response = await protectedResourceRequest(token, "GET", address, headers, null, options);
    if (response.status !== 200) throw new ProviderError(`GitHub answers ${response.status} to ${path}`);
    return response.json();
  };

  return {
    id: "github",
    name: "GitHub",

    authorizationUrl: (visit) =>
      buildAuthorizationUrl(visit, {
        endpoint: server.authorization_endpoint,
        clientId,
        scope: "read:user user:email",
      }),

    async identify(visit): Promise<Profile> {
      const options = exchangeOptions(timeoutMs);
      const token = await requestToken(visit, options);
      const [user, emails] = await Promise.all([
        get("/user", token, options),
        get("/user/emails?per_page=100", token, options),
      ]);
      const { id, login, name } = check(User, user, "user");
      const primary = check(Emails, emails, "list of addresses").find((one) => one.primary && one.verified);
      return { providerUserId: `${url}#${id}`, email: primary?.email ?? null, names: [name, login] };
    },
  };
};
