/** Signing in to a server through a provider, with a browser, as the tests of both kinds of provider do. */
import type { BrowserJar } from "./browser-jar.ts";
import { freePort } from "./free-port.ts";
import { call, startTestServer } from "./server.ts";
import type { SignInBody, TestServer } from "./server.ts";

/** A server that knows its own address beforehand, as the way back from a provider needs it. */
export const startReachableServer = async (
  env: Record<string, string>,
  hostname = "127.0.0.1",
): Promise<TestServer> => {
  const port = await freePort();
  const publicUrl = `http://127.0.0.1:${port}`;
  return startTestServer({ WRENN_LISTEN: `${hostname}:${port}`, WRENN_PUBLIC_URL: publicUrl, ...env });
};

const isCallback = ({ pathname }: URL): boolean => pathname.endsWith("/callback");

/** Goes to the provider and stops before coming back: the address of the callback. */
export const goToCallback = async (browser: BrowserJar, start: string): Promise<URL> => {
  const { url } = await browser.open(start, isCallback);
  if (!isCallback(url)) throw new Error(`the way back was not reached: ${url.pathname}${url.search}`);
  return url;
};

/** How a visit ended: `in` at the front page, else the code the login page explains. */
export const endOf = (url: URL): string => {
  if (url.pathname === "/login") return url.searchParams.get("error") ?? "no error";
  return url.pathname === "/" ? "in" : url.pathname;
};

const isEnd = ({ pathname }: URL): boolean => pathname === "/" || pathname === "/login";

/** All the way there and back. */
export const visit = async (browser: BrowserJar, start: string | URL): Promise<string> =>
  endOf((await browser.open(start, isEnd)).url);

/** Who the browser is signed in as, or null. */
export const whoIsIn = async (browser: BrowserJar, base: string): Promise<SignInBody | null> => {
  const cookie = browser.cookieFor(`${base}/v1/auth/refresh`);
  const answer = await call<SignInBody>(base, "/v1/auth/refresh", { method: "POST", headers: { cookie } });
  browser.keep(answer.headers);
  return answer.status === 200 ? answer.body : null;
};

/** Begins to connect a provider with the account of `token`; the address to go to. */
export const beginLink = async (
  browser: BrowserJar,
  options: { base: string; token: string; provider: string },
): Promise<string> => {
  const { base, token, provider } = options;
  const answer = await call<{ url: string }>(base, `/v1/me/identities/${provider}`, {
    method: "POST",
    token,
  });
  if (answer.status !== 200) throw new Error(`no link: ${JSON.stringify(answer.body)}`);
  browser.keep(answer.headers);
  return answer.body.url;
};
