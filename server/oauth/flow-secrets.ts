/**
 * What binds a way to a provider and back to one browser. The browser's cookie holds one random secret; the
 * values that travel are derived from it, so the server keeps none of them and each fits this browser only.
 */
import { equalSecrets, randomHex } from "../auth/secrets.ts";

/** How long a person may take. */
export const FLOW_SEC = 600;

export interface FlowSecrets {
  /** Comes back in the address. */
  state: string;
  /** Proves to the provider that who began also asks for the token (RFC 7636). */
  codeVerifier: string;
  /** Comes back inside the ID token. */
  nonce: string;
}

/** For the cookie: 64 hex digits. */
export const newFlowSecret = (): string => randomHex(32);

const derive = (secret: string, use: keyof FlowSecrets): string =>
  new Bun.CryptoHasher("sha256", secret).update(use).digest("base64url");

/** 43 characters each: none tells anything of the others or of the secret. */
export const deriveFlowSecrets = (secret: string): FlowSecrets => ({
  state: derive(secret, "state"),
  codeVerifier: derive(secret, "codeVerifier"),
  nonce: derive(secret, "nonce"),
});

export const isStateOf = (secrets: FlowSecrets, state: string | null): boolean =>
  state !== null && equalSecrets(state, secrets.state);
