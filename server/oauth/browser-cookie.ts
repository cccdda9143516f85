/** The cookie that ties a way to a provider to the browser that began it. Scripts cannot read it. */
import { FLOW_SEC } from "./flow-secrets.ts";

export interface BrowserCookieOptions {
  /** Cookies ignore ports, so instances on one machine need names of their own. */
  instanceId: string;
  /** The browser reaches us by https. */
  isSecure: boolean;
}

const SECRET = /^[0-9a-f]{64}$/;

export const createBrowserCookie = ({ instanceId, isSecure }: BrowserCookieOptions) => {
  const name = `wrenn_oauth_${instanceId.slice(0, 8)}`;
  // Not strict: the way back from the provider is a link on another site.
  const attributes = { httpOnly: true, sameSite: "lax", path: "/auth/oauth", secure: isSecure } as const;
  return {
    /** The secret the request carries, or null. */
    read(request: Request): string | null {
      const value = new Bun.CookieMap(request.headers.get("cookie") ?? "").get(name);
      return value !== null && SECRET.test(value) ? value : null;
    },
    /** Value of a Set-Cookie header; an empty secret removes the cookie. */
    write(secret: string): string {
      const maxAge = secret === "" ? 0 : FLOW_SEC;
      return new Bun.Cookie(name, secret, { ...attributes, maxAge }).serialize();
    },
  };
};

export type BrowserCookie = ReturnType<typeof createBrowserCookie>;
