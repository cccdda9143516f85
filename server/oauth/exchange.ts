/** How this server speaks to providers: bounded in time and size, over connections that keep secrets. */
import { allowInsecureRequests, calculatePKCECodeChallenge, customFetch } from "oauth4webapi";
import type { CustomFetchOptions } from "oauth4webapi";

import { isSecureUrl } from "../config/secure-url.ts";
import { ProviderError } from "./provider.ts";
import type { Visit } from "./provider.ts";

const MAX_ANSWER_BYTES = 1024 * 1024;

const readBounded = async (response: Response): Promise<string> => {
  const chunks: Uint8Array[] = [];
  let total = 0;
  for await (const chunk of response.body ?? []) {
    total += chunk.byteLength;
    if (total > MAX_ANSWER_BYTES) throw new ProviderError(`the answer exceeds ${MAX_ANSWER_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
};

const requireSecure = (url: URL): URL => {
  if (isSecureUrl(url)) return url;
  throw new ProviderError(`the provider names an address without TLS: ${url.origin}`);
};

/** The whole answer at once, so that the deadline covers its body too. Redirects are not followed. */
const boundedFetch = async (url: string, options: CustomFetchOptions<string, unknown>): Promise<Response> => {
  requireSecure(new URL(url));
  const { method, headers, body, signal } = options;
  const init = { method, headers, signal: signal ?? null, redirect: "manual" } as const;
  const form = body instanceof URLSearchParams ? { body } : {};
  const response = await fetch(url, { ...init, ...form });
  const text = await readBounded(response);
  return new Response(text || null, { status: response.status, headers: response.headers });
};

/** Options for the calls of one visit; all of them together may take `timeoutMs`. */
export const exchangeOptions = (timeoutMs: number) => ({
  signal: AbortSignal.timeout(timeoutMs),
  [customFetch]: boundedFetch,
  // Loopback has no TLS; `boundedFetch` refuses any other address without it.
  [allowInsecureRequests]: true,
});

/** The address a browser is sent to, for the code flow with PKCE. */
export const buildAuthorizationUrl = async (
  { redirectUri, secrets }: Visit,
  request: { endpoint: string; clientId: string; scope: string },
): Promise<URL> => {
  const url = requireSecure(new URL(request.endpoint));
  const parameters = {
    response_type: "code",
    client_id: request.clientId,
    redirect_uri: redirectUri,
    scope: request.scope,
    state: secrets.state,
    code_challenge: await calculatePKCECodeChallenge(secrets.codeVerifier),
    code_challenge_method: "S256",
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return url;
};
