/** How a preview link opens a port: its token comes once in the address, then in a cookie of that port alone. */
import { isWebSocketUpgrade } from "../../proto/hop-by-hop.ts";
import type { Passage } from "./passage.ts";
import type { PreviewTokens } from "./preview-tokens.ts";

export const PREVIEW_QUERY = "wrenn_preview";

const cookieName = (isSecure: boolean): string => `${isSecure ? "__Secure-" : ""}wrenn_preview`;

/** `open`: the token is good, and is not in `pathAndQuery` any more. */
export type Entry =
  { kind: "open"; pathAndQuery: string } | { kind: "redirect"; response: Response } | { kind: "closed" };

const splitToken = (pathAndQuery: string): { token: string; rest: string } | null => {
  const [path = "", query = ""] = pathAndQuery.split(/\?(.*)/s, 2);
  if (!query.includes(PREVIEW_QUERY)) return null;
  const isToken = (pair: string) => pair.startsWith(`${PREVIEW_QUERY}=`);
  const pairs = query.split("&");
  const token = pairs.find(isToken)?.slice(PREVIEW_QUERY.length + 1);
  if (token === undefined) return null;
  const others = pairs.filter((pair) => !isToken(pair)).join("&");
  return { token, rest: others === "" ? path : `${path}?${others}` };
};

/** To the same address without the token, which the cookie then carries. */
const toCookie = (options: {
  token: string;
  location: string;
  path: string;
  maxAge: number;
  isSecure: boolean;
}): Response => {
  const { token, location, path, maxAge, isSecure } = options;
  const cookie = new Bun.Cookie(cookieName(isSecure), token, {
    path,
    maxAge,
    httpOnly: true,
    secure: isSecure,
    sameSite: "lax",
  });
  return new Response(null, {
    status: 302,
    headers: {
      location,
      "set-cookie": cookie.serialize(),
      "cache-control": "no-store",
      "referrer-policy": "no-referrer",
    },
  });
};

export const enterPreview = (tokens: PreviewTokens, request: Request, passage: Passage): Entry => {
  const { prefix, pathAndQuery } = passage;
  const isSecure = passage.scheme === "https";
  if (prefix === null) return { kind: "closed" };
  const found = splitToken(pathAndQuery);
  const expiresSec = found && tokens.verify(found.token, passage);
  if (found !== null && expiresSec !== null) {
    const isPage = request.method === "GET" || request.method === "HEAD";
    if (!isPage || isWebSocketUpgrade(request)) return { kind: "open", pathAndQuery: found.rest };
    const response = toCookie({
      token: found.token,
      // Two slashes at the start would be another host.
      location: prefix + found.rest.replace(/^\/(?=\/)/, "/./"),
      path: `${prefix}/`,
      maxAge: expiresSec - Math.floor(Date.now() / 1_000),
      isSecure,
    });
    return { kind: "redirect", response };
  }
  const cookie = new Bun.CookieMap(request.headers.get("cookie") ?? "").get(cookieName(isSecure));
  const isOpen = cookie !== null && tokens.verify(cookie, passage) !== null;
  return isOpen ? { kind: "open", pathAndQuery } : { kind: "closed" };
};
