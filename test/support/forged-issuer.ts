/** An issuer that answers as it should but for one thing: its ID token is what the test makes of it. */
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import type { JWTPayload } from "jose";

export interface Forgery {
  /** Changes the claims of an honest token. */
  claims?: (honest: JWTPayload) => JWTPayload;
  /** Changes the finished token. */
  token?: (honest: string) => string;
  /** Signs with a key that the issuer does not publish. */
  withOtherKey?: boolean;
}

export interface ForgedIssuer {
  url: string;
  forgery: Forgery;
  stop(): Promise<void>;
}

const ALG = "ES256";

export const startForgedIssuer = async (clientId: string): Promise<ForgedIssuer> => {
  const published = await generateKeyPair(ALG);
  const other = await generateKeyPair(ALG);
  const keys = [{ ...(await exportJWK(published.publicKey)), alg: ALG, use: "sig", kid: "published" }];
  const state: { forgery: Forgery; nonce: string } = { forgery: {}, nonce: "" };

  const sign = async (issuer: string): Promise<string> => {
    const { claims, token, withOtherKey = false } = state.forgery;
    const nowSec = Math.floor(Date.now() / 1000);
    const honest = {
      iss: issuer,
      aud: clientId,
      sub: "ada",
      iat: nowSec,
      exp: nowSec + 60,
      nonce: state.nonce,
      email: "ada@example.com",
      email_verified: true,
    };
    const signed = await new SignJWT(claims?.(honest) ?? honest)
      .setProtectedHeader({ alg: ALG, kid: "published" })
      .sign(withOtherKey ? other.privateKey : published.privateKey);
    return token?.(signed) ?? signed;
  };

  const authorize = ({ searchParams }: URL): Response => {
    state.nonce = searchParams.get("nonce") ?? "";
    const back = new URL(searchParams.get("redirect_uri") ?? "about:blank");
    back.searchParams.set("code", "a-code");
    back.searchParams.set("state", searchParams.get("state") ?? "");
    return Response.redirect(back.href, 303);
  };

  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      const url = new URL(request.url);
      const issuer = url.origin;
      switch (url.pathname) {
        case "/.well-known/openid-configuration":
          return Response.json({
            issuer,
            authorization_endpoint: `${issuer}/authorize`,
            token_endpoint: `${issuer}/token`,
            jwks_uri: `${issuer}/jwks`,
            id_token_signing_alg_values_supported: [ALG],
          });
        case "/authorize":
          return authorize(url);
        case "/token":
          return Response.json({ access_token: "at", token_type: "Bearer", id_token: await sign(issuer) });
        case "/jwks":
          return Response.json({ keys });
        default:
          return new Response(null, { status: 404 });
      }
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}`,
    get forgery() {
      return state.forgery;
    },
    set forgery(forgery: Forgery) {
      state.forgery = forgery;
    },
    stop: () => server.stop(true),
  };
};
