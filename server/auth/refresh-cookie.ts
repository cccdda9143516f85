/** The cookie that holds a browser's refresh token. Scripts cannot read it; other sites cannot send it. */
import { SESSION_SEC } from "./sessions.ts";

export interface RefreshCookieOptions {
  /** Cookies ignore ports, so instances on one machine need names of their own. */
  instanceId: string;
  /** The browser reaches us by https. */
  isSecure: boolean;
}

const TOKEN = /^[0-9a-f]{64}$/;

export const createRefreshCookie = ({ instanceId, isSecure }: RefreshCookieOptions) => {
  const name = `wrenn_refresh_${instanceId.slice(0, 8)}`;
  const attributes = { httpOnly: true, sameSite: "strict", path: "/v1/auth", secure: isSecure } as const;
  return {
    /** The token the request carries, or null. */
    read(request: Request): string | null {
      const value = new Bun.CookieMap(request.headers.get("cookie") ?? "").get(name);
      return value !== null && TOKEN.test(value) ? value : null;
    },
    /** Value of a Set-Cookie header; an empty token removes the cookie. */
    write(token: string): string {
      const maxAge = token === "" ? 0 : SESSION_SEC;
      return new Bun.Cookie(name, token, { ...attributes, maxAge }).serialize();
    },
  };
};

export type RefreshCookie = ReturnType<typeof createRefreshCookie>;
