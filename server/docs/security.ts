/** How a route's door is written down in its OpenAPI `detail.security`. */

export const SECURITY_SCHEMES = {
  bearer: {
    type: "http",
    scheme: "bearer",
    bearerFormat: "JWT",
    description: "A user's token, as sign-in gives it.",
  },
  apiKey: { type: "apiKey", in: "header", name: "X-API-Key", description: "`wrn_` and 32 hex digits." },
  hostToken: { type: "http", scheme: "bearer", bearerFormat: "JWT", description: "A host agent's token." },
  refreshCookie: { type: "apiKey", in: "cookie", name: "wrenn_refresh" },
} as const;

type Requirement = Record<string, string[]>;

/** A person. */
export const USER: Requirement[] = [{ bearer: [] }];
/** A person who is a platform admin. */
export const ADMIN: Requirement[] = USER;
/** A person or an API key. */
export const KEY_OR_TEAM: Requirement[] = [{ apiKey: [] }, { bearer: [] }];
export const HOST: Requirement[] = [{ hostToken: [] }];
export const REFRESH_COOKIE: Requirement[] = [{ refreshCookie: [] }];
/** Anyone. */
export const OPEN: Requirement[] = [];
