/** Any OpenID Connect issuer (https://openid.net/specs/openid-connect-core-1_0.html), by the code flow. */
import {
  authorizationCodeGrantRequest,
  ClientSecretBasic,
  ClientSecretPost,
  getValidatedIdTokenClaims,
  processAuthorizationCodeResponse,
  processUserInfoResponse,
  userInfoRequest,
  validateApplicationLevelSignature,
  validateAuthResponse,
} from "oauth4webapi";
import type { AuthorizationServer, ClientAuth } from "oauth4webapi";

import type { OidcConfig } from "../config/oauth.ts";
import { buildAuthorizationUrl, exchangeOptions } from "./exchange.ts";
import { OidcMetadata } from "./oidc-metadata.ts";
import { ProviderError } from "./provider.ts";
import type { Profile, Provider } from "./provider.ts";

/** The specification's bound and alphabet. */
const SUBJECT = /^[\x20-\x7e]{1,255}$/;

/** Claims that matter here; an issuer may put them into the ID token or behind its userinfo endpoint. */
interface Claims {
  sub: string;
  email?: unknown;
  email_verified?: unknown;
  name?: unknown;
  preferred_username?: unknown;
}

const textOf = (value: unknown): string | null => (typeof value === "string" ? value : null);

const toProfile = (issuer: string, claims: Claims): Profile => {
  if (!SUBJECT.test(claims.sub)) throw new ProviderError("the issuer's `sub` is not of 1-255 characters");
  return {
    providerUserId: `${issuer}#${claims.sub}`,
    email: claims.email_verified === true ? textOf(claims.email) : null,
    names: [textOf(claims.name), textOf(claims.preferred_username)],
  };
};

export const createOidc = (config: OidcConfig, { timeoutMs }: { timeoutMs: number }): Provider => {
  const client = { client_id: config.clientId };
  const metadata = new OidcMetadata(config.issuer, timeoutMs);

  // Basic is what every issuer takes unless it says otherwise.
  const authenticationFor = (server: AuthorizationServer): ClientAuth => {
    const methods = server.token_endpoint_auth_methods_supported ?? ["client_secret_basic"];
    const takesBasic = methods.includes("client_secret_basic");
    return takesBasic ? ClientSecretBasic(config.clientSecret) : ClientSecretPost(config.clientSecret);
  };

  return {
    id: "oidc",
    name: config.name,

    async authorizationUrl(visit) {
      const { authorization_endpoint: endpoint } = await metadata.get();
      if (endpoint === undefined) throw new ProviderError("the issuer names no authorization endpoint");
      const request = { endpoint, clientId: config.clientId, scope: "openid email profile" };
      const url = await buildAuthorizationUrl(visit, request);
      url.searchParams.set("nonce", visit.secrets.nonce);
      return url;
    },

    async identify({ redirectUri, secrets, parameters }): Promise<Profile> {
      const server = await metadata.get();
      const options = exchangeOptions(timeoutMs);
      const checked = validateAuthResponse(server, client, parameters, secrets.state);
      const response = await authorizationCodeGrantRequest(
        server,
        client,
        authenticationFor(server),
        checked,
        redirectUri,
        secrets.codeVerifier,
        options,
      );
      const tokens = await processAuthorizationCodeResponse(server, client, response, {
        expectedNonce: secrets.nonce,
        requireIdToken: true,
      });
      await validateApplicationLevelSignature(server, response, options);
      const claims = getValidatedIdTokenClaims(tokens);
      if (claims === undefined) throw new ProviderError("the issuer gave no ID token");
      const isWhole = claims["email"] !== undefined && claims["email_verified"] !== undefined;
      if (isWhole || server.userinfo_endpoint === undefined) return toProfile(server.issuer, claims);
      const answer = await userInfoRequest(server, client, tokens.access_token, options);
      return toProfile(server.issuer, await processUserInfoResponse(server, client, claims.sub, answer));
    },
  };
};
