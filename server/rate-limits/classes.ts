/** What is counted, by whom, and how much of it passes. One table: `WRENN_RATE_LIMITS` changes its numbers. */

/** At most `count` requests per `windowSec` seconds (`sliding-window.ts` says what that means exactly). */
export interface Rule {
  count: number;
  windowSec: number;
}

/** Counted in PostgreSQL for all servers together: what is guessed or harvested, slowly and from anywhere. */
export const SHARED_CLASSES = ["login", "login_email", "signup", "search"] as const;
export type SharedClass = (typeof SHARED_CLASSES)[number];

/** Counted by each server for itself: what only protects that server's time. */
export const LOCAL_CLASSES = ["link", "signature", "failed", "read", "write"] as const;
export type LocalClass = (typeof LOCAL_CLASSES)[number];

export type LimitClass = SharedClass | LocalClass;

export const LIMIT_CLASSES: readonly LimitClass[] = [...SHARED_CLASSES, ...LOCAL_CLASSES];

export type Rules = Readonly<Record<LimitClass, Rule>>;

export const DEFAULT_RULES: Rules = {
  // Sign-ins by client address. Sessions last a month, so an office behind one address needs few.
  login: { count: 20, windowSec: 300 },
  // Checks of one account's password by its e-mail address, from wherever. One client address alone gets
  // through 80 in this time: it cannot use this up, and so not keep a person out.
  login_email: { count: 100, windowSec: 900 },
  // Accounts by client address: a class of twenty signs up at once; mass registration does not pay.
  signup: { count: 20, windowSec: 3600 },
  // Look-ups of people, by person: one per second is faster than anyone types.
  search: { count: 60, windowSec: 60 },
  // Uses of secrets that count once (refresh cookies, host registrations, links), by client address: the
  // tabs of an office and the hosts of a rack share one. Guessing is hopeless; this bounds the work.
  link: { count: 300, windowSec: 60 },
  // Signed links to files that name no sandbox, by client address: each is tried against up to 2,000 sandboxes,
  // a few milliseconds of work. A page of pictures passes; those who have more use a wildcard domain.
  signature: { count: 300, windowSec: 60 },
  // Requests with credentials that are not good, by client address: a broken job once a second still passes.
  failed: { count: 100, windowSec: 60 },
  // GETs by API key or person, 300 a second: a hundred sandboxes polled each second pass, a loop does not.
  read: { count: 18_000, windowSec: 60 },
  // Everything else by API key or person, 200 a second: commands and small files of a large CI run pass.
  write: { count: 12_000, windowSec: 60 },
};

/** `read` or `write`. A WebSocket opens with a GET but is no reading. */
export const kindOf = (request: Request): "read" | "write" => {
  const { method } = request;
  const isRead = (method === "GET" || method === "HEAD") && !request.headers.has("sec-websocket-key");
  return isRead ? "read" : "write";
};
