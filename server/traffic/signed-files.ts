/** Links to files that are signed and name no sandbox: the one whose token signed it is found by trying. */
import type { Sql } from "../../db/sql.ts";
import { readSignedFields, signatureOf } from "../../proto/file-signature.ts";
import { GUEST_PORT } from "../../proto/guest-port.ts";
import { withinDeadline } from "../auth/database-deadline.ts";
import { invalidRequest } from "../errors.ts";
import type { RateLimits } from "../rate-limits/rate-limits.ts";
import { listRecentlyActive } from "./store.ts";
import type { PortRef } from "./target.ts";

/** So many sandboxes are tried, those used last first. */
const MAX_TRIED = 2_000;
/** Of a SHA-256. */
const DIGEST_BYTES = 32;

export interface SignedFileDeps {
  sql: Sql;
  limits: Pick<RateLimits, "signature">;
  /** A sandbox's own token; takes the bare UUID. */
  accessToken: (sandboxId: string) => string;
}

/** The digest in a signature, or null when there is none of the right form. */
const digestIn = (signature: string): Buffer | null => {
  const digest = signature.startsWith("v1_") ? Buffer.from(signature.slice(3), "base64") : null;
  return digest?.length === DIGEST_BYTES ? digest : null;
};

const notFound = () =>
  invalidRequest(
    "signature",
    "unknown",
    "No running sandbox that was active lately signed this link. Links that name their sandbox by host " +
      "need no search: set up a wildcard domain (WRENN_SANDBOX_DOMAIN).",
  );

/**
 * The guest's port of the sandbox that signed the link, whose guest agent then judges it. Throws 400 when there is
 * none, 429 when the client tries too much.
 */
export const findSigner = async (deps: SignedFileDeps, request: Request): Promise<PortRef> => {
  const { sql, limits, accessToken } = deps;
  limits.signature({ request });
  const query = new URLSearchParams(request.url.slice(request.url.indexOf("?")));
  const given = digestIn(query.get("signature") ?? "");
  if (given === null) throw notFound();
  const { method } = request;
  const operation = method === "GET" || method === "HEAD" ? "read" : "write";
  const fields = { ...readSignedFields(query), operation } as const;
  for (const id of await withinDeadline(listRecentlyActive(sql, MAX_TRIED))) {
    const digest = digestIn(signatureOf({ ...fields, accessToken: accessToken(id) }));
    if (digest !== null && crypto.timingSafeEqual(digest, given)) return { sandboxId: id, port: GUEST_PORT };
  }
  throw notFound();
};
