/**
 * A cookie that holds one secret of 32 bytes. Scripts cannot read it. Where the browser reaches us by https its
 * name begins with `__Host-`: then no sibling under the same domain, a sandbox's preview for one, can plant it.
 */

export interface SecretCookieOptions {
  name: string;
  /** Cookies ignore ports, so instances on one machine need names of their own. */
  instanceId: string;
  /** The browser reaches us by https. */
  isSecure: boolean;
  /** `lax` also comes along when a link on another site leads here. */
  sameSite: "strict" | "lax";
  /** Where it is sent to without https; with it, browsers insist on everywhere. */
  path: string;
  lifeSec: number;
}

const SECRET = /^[0-9a-f]{64}$/;

export const createSecretCookie = (options: SecretCookieOptions) => {
  const { instanceId, isSecure, sameSite, lifeSec } = options;
  const name = `${isSecure ? "__Host-" : ""}wrenn_${options.name}_${instanceId.slice(0, 8)}`;
  const path = isSecure ? "/" : options.path;
  return {
    /** The secret the request carries, or null. */
    read(request: Request): string | null {
      const value = new Bun.CookieMap(request.headers.get("cookie") ?? "").get(name);
      return value !== null && SECRET.test(value) ? value : null;
    },
    /** Value of a Set-Cookie header; an empty secret removes the cookie. */
    write(secret: string): string {
      const maxAge = secret === "" ? 0 : lifeSec;
      return new Bun.Cookie(name, secret, {
        httpOnly: true,
        secure: isSecure,
        sameSite,
        path,
        maxAge,
      }).serialize();
    },
  };
};

export type SecretCookie = ReturnType<typeof createSecretCookie>;
