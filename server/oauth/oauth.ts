/** Signing in through other providers, put together from the configuration. */
import type { Sql } from "../../db/sql.ts";
import type { ServerConfig } from "../config.ts";
import { createSecretCookie } from "../http/secret-cookie.ts";
import type { SecretCookie } from "../http/secret-cookie.ts";
import { FLOW_SEC } from "./flow-secrets.ts";
import { createGithub } from "./github.ts";
import { createIdentities } from "./identities.ts";
import type { Identities } from "./identities.ts";
import { createOidc } from "./oidc.ts";
import type { Provider } from "./provider.ts";
import { createProviderSignIn } from "./sign-in.ts";
import type { ProviderSignIn, SignInDeps } from "./sign-in.ts";

export interface Oauth {
  /** In the order they are offered. */
  providers: readonly Pick<Provider, "id" | "name">[];
  signIn: ProviderSignIn;
  identities: Identities;
  /** Ties a way to a provider to the browser that began it. */
  cookie: SecretCookie;
}

export interface OauthDeps extends Omit<SignInDeps, "providers" | "publicUrl"> {
  sql: Sql;
  config: Pick<ServerConfig, "oauth" | "publicUrl">;
  instanceId: string;
}

const createProviders = ({ github, oidc, timeoutMs }: ServerConfig["oauth"]): Provider[] => [
  ...(github === null ? [] : [createGithub(github, { timeoutMs })]),
  ...(oidc === null ? [] : [createOidc(oidc, { timeoutMs })]),
];

export const createOauth = ({ config, instanceId, ...deps }: OauthDeps): Oauth => {
  const { publicUrl } = config;
  const list = createProviders(config.oauth);
  const providers = new Map(list.map((provider) => [provider.id, provider]));
  return {
    providers: list,
    signIn: createProviderSignIn({ ...deps, providers, publicUrl }),
    identities: createIdentities({ sql: deps.sql, providerIds: new Set(providers.keys()) }),
    cookie: createSecretCookie({
      name: "oauth",
      instanceId,
      isSecure: publicUrl.startsWith("https:"),
      // The way back from the provider is a link on another site.
      sameSite: "lax",
      path: "/auth/oauth",
      lifeSec: FLOW_SEC,
    }),
  };
};
