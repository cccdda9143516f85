/** A real OpenID Connect issuer (`oidc-provider`) on loopback, where the browser's cookie says who signs in. */
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";

import { exportJWK, generateKeyPair } from "jose";
import { Provider } from "oidc-provider";
import type { GrantContext } from "oidc-provider";

export const OIDC_CLIENT = { id: "wrenn-client", secret: "wrenn client: secret+%" };

/** Claims of someone, as the issuer has them. */
export type OidcPerson = { sub: string } & Record<string, unknown>;

export interface TestIssuer {
  url: string;
  /** By the browser's cookie `oidc_user`; who has none presses "cancel". */
  people: Map<string, OidcPerson>;
  stop(): Promise<void>;
}

export interface IssuerOptions {
  redirectUri: string;
  /** @default {"client_secret_basic"} */
  authMethod?: "client_secret_basic" | "client_secret_post";
  /** Puts the claims into the ID token instead of behind the userinfo endpoint. @default {false} */
  claimsInToken?: boolean;
}

/** Consent is given by itself: the issuer belongs to the same organisation. */
const loadExistingGrant = async ({ oidc: { provider, client, session } }: GrantContext) => {
  const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
  grant.addOIDCScope("openid email profile");
  await grant.save();
  return grant;
};

const signingKeys = async (): Promise<{ keys: object[] }> => {
  const { privateKey } = await generateKeyPair("RS256", { extractable: true });
  return { keys: [{ ...(await exportJWK(privateKey)), alg: "RS256", use: "sig", kid: "test" }] };
};

export const startIssuer = async (options: IssuerOptions): Promise<TestIssuer> => {
  const people = new Map<string, OidcPerson>();
  const server = createServer();
  const listening = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", listening.resolve);
  await listening.promise;
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("the issuer has no address");
  const url = `http://127.0.0.1:${address.port}`;

  const provider = new Provider(url, {
    clients: [
      {
        client_id: OIDC_CLIENT.id,
        client_secret: OIDC_CLIENT.secret,
        redirect_uris: [options.redirectUri],
        token_endpoint_auth_method: options.authMethod ?? "client_secret_basic",
      },
    ],
    jwks: await signingKeys(),
    cookies: { keys: [crypto.randomUUID()] },
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name", "preferred_username"] },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
    findAccount: (_context, id) => {
      const claims = [...people.values()].find(({ sub }) => sub === id);
      return claims === undefined ? undefined : { accountId: id, claims: () => claims };
    },
    loadExistingGrant,
    pkce: { required: () => true },
    conformIdTokenClaims: options.claimsInToken !== true,
    ttl: { AccessToken: 60, AuthorizationCode: 60, Grant: 60, IdToken: 60, Interaction: 60, Session: 60 },
  });
  const protocol = provider.callback();

  const signIn = (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const person = people.get(new Bun.CookieMap(request.headers.cookie ?? "").get("oidc_user") ?? "");
    const result =
      person === undefined
        ? { error: "access_denied", error_description: "The person pressed cancel." }
        : { login: { accountId: person.sub } };
    return provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
  };

  server.on("request", (request, response) => {
    if (!request.url?.startsWith("/interaction/")) return protocol(request, response);
    signIn(request, response).catch((error) => {
      response.statusCode = 500;
      response.end(String(error));
    });
  });

  const stop = async (): Promise<void> => {
    const closed = Promise.withResolvers<void>();
    server.close(() => closed.resolve());
    server.closeAllConnections();
    await closed.promise;
  };
  return { url, people, stop };
};
