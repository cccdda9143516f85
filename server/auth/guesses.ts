/**
 * Bounds what bad credentials cost, by address: past the limit unknown keys are refused unasked. Keys that
 * were good here before are still heard, so that one broken job locks nobody out at the same address.
 */
import type { ApiError } from "../errors.ts";
import type { Limited, RateLimits } from "../rate-limits/rate-limits.ts";

/** Good keys remembered; past it the memory starts over. */
const MAX_REMEMBERED = 10_000;

const toText = (keyHash: Buffer): string => keyHash.toString("latin1");

export class Guesses {
  /** By digest. No right follows from being here. */
  readonly #good = new Set<string>();

  constructor(private readonly limits: RateLimits) {}

  /** Before a key is looked up. Throws 429. @param keyHash null: no key looks like that */
  refuseOver(context: Limited, keyHash: Buffer | null): void {
    if (keyHash !== null && this.#good.has(toText(keyHash))) return;
    this.limits.refuseOver("failed", context);
  }

  /** A key was good. */
  onGood(keyHash: Buffer): void {
    if (this.#good.size >= MAX_REMEMBERED) this.#good.clear();
    this.#good.add(toText(keyHash));
  }

  /** `error`, what was wrong with the credentials; or 429 is thrown when that was one time too many. */
  onBad(context: Limited, error: ApiError, keyHash: Buffer | null = null): ApiError {
    if (keyHash !== null) this.#good.delete(toText(keyHash));
    this.limits.failed(context);
    return error;
  }
}
