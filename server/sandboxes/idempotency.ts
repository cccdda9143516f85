/** A create that is sent twice under one key happens once. */
import type { Json } from "../../db/sql.ts";
import { conflict, invalidRequest } from "../errors.ts";
import type { SandboxContext } from "./context.ts";
import { claimKey, forgetKey, keepAnswer, readAnswer } from "./idempotency-store.ts";

export interface OnceOnly {
  teamId: string;
  key: string;
  /** What the key stands for: the same key with another request is a mistake. */
  request: unknown;
}

/** How long a second request waits for the first, in ms, and how often it looks. */
const WAIT_MS = 60_000;
const LOOK_MS = 100;

const digest = (request: unknown): Buffer =>
  Buffer.from(new Bun.CryptoHasher("sha256").update(JSON.stringify(request)).digest());

/**
 * The answer of `work`, or the one an earlier request with this key got. A failed attempt frees the key, so
 * that the client may try again.
 * @throws ApiError 409 `idempotency_key_reused` for another request, `request_in_progress` when the first
 *   takes too long.
 */
export const onceOnly = async <T extends { [key: string]: Json }>(
  { sql }: Pick<SandboxContext, "sql">,
  { teamId, key, request }: OnceOnly,
  work: () => Promise<T>,
): Promise<T> => {
  if (key.length > 255)
    throw invalidRequest("idempotency-key", "max_length", "Idempotency-Key: at most 255 characters.");
  const claim = { teamId, key, requestHash: digest(request) };
  const giveUpMs = Date.now() + WAIT_MS;
  while (!(await claimKey(sql, claim))) {
    const known = await readAnswer(sql, claim);
    if (known && !known.requestHash.equals(claim.requestHash)) {
      throw conflict("idempotency_key_reused", "This Idempotency-Key came with another body before.");
    }
    // What `keepAnswer` was given under this key.
    if (known?.answer) return known.answer as T;
    if (Date.now() > giveUpMs) {
      throw conflict(
        "request_in_progress",
        "The first request with this Idempotency-Key is still under way.",
      );
    }
    await Bun.sleep(LOOK_MS);
  }
  try {
    const answer = await work();
    await keepAnswer(sql, { ...claim, status: 201, answer });
    return answer;
  } catch (error) {
    await forgetKey(sql, claim);
    throw error;
  }
};
