/**
 * The short-lived token that goes with every call from the server to a host: an Ed25519 JWT whose
 * audience is that one host, so a host cannot use what it received against another.
 */
import { SignJWT } from "jose";

/** A token lives this long; a host refuses longer ones. */
const LIFETIME_SEC = 60;

/** A token is used again while at least half of its life is left: signing stays off the hot path. */
const REUSE_MS = (LIFETIME_SEC * 1000) / 2;

/** Hosts remembered at once; past it the cache starts over. */
const MAX_CACHED = 10_000;

export class CallTokens {
  readonly #cache = new Map<string, { token: Promise<string>; signedAtMs: number }>();

  /**
   * @param privateKey the instance's Ed25519 key; hosts got its public half at registration.
   * @param instanceId issuer of the tokens.
   */
  constructor(
    private readonly privateKey: CryptoKey,
    private readonly instanceId: string,
  ) {}

  /** A token for calls to this host (bare UUID), good for at least half a minute. */
  forHost(hostId: string): Promise<string> {
    const nowMs = Date.now();
    const known = this.#cache.get(hostId);
    if (known && Math.abs(nowMs - known.signedAtMs) < REUSE_MS) return known.token;
    if (this.#cache.size >= MAX_CACHED) this.#cache.clear();
    const token = this.#sign(hostId, Math.floor(nowMs / 1000));
    this.#cache.set(hostId, { token, signedAtMs: nowMs });
    token.catch(() => this.#cache.delete(hostId));
    return token;
  }

  #sign(hostId: string, nowSec: number): Promise<string> {
    return new SignJWT({})
      .setProtectedHeader({ alg: "EdDSA" })
      .setIssuer(this.instanceId)
      .setAudience(hostId)
      .setIssuedAt(nowSec)
      .setExpirationTime(nowSec + LIFETIME_SEC)
      .sign(this.privateKey);
  }
}
