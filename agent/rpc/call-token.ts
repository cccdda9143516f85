/** Who may call this host: the server it registered with, proven by a short-lived signed token. */
import { importJWK, type JWK, jwtVerify } from "jose";

/** Longer-lived tokens are refused, whoever signed them. */
const MAX_LIFETIME_SEC = 60;
/** Clocks of server and host may differ by this much. */
const CLOCK_TOLERANCE_SEC = 30;
/** Tokens are used for half a minute; past this many distinct ones the cache starts over. */
const MAX_CACHED = 256;

/** The sentence tells the operator; a caller learns only that it was refused. */
export class TokenRefused extends Error {
  override name = "TokenRefused";
}

export class CallTokenVerifier {
  /** Verified tokens and when they end, in unix seconds. */
  readonly #verified = new Map<string, number>();

  private constructor(
    readonly hostId: string,
    readonly key: CryptoKey,
  ) {}

  /** @param hostId bare UUID; @param publicKey the server's, from registration */
  static async create(hostId: string, publicKey: JWK): Promise<CallTokenVerifier> {
    const key = await importJWK(publicKey, "EdDSA");
    if (key instanceof Uint8Array) throw new TokenRefused("the server's key is not a public key");
    return new CallTokenVerifier(hostId, key);
  }

  /** @param header value of an authorization header. Throws `TokenRefused`. */
  async verify(header: string | null): Promise<void> {
    const token = header?.startsWith("Bearer ") === true ? header.slice(7) : null;
    if (token === null) throw new TokenRefused("the call carries no token");
    const nowSec = Date.now() / 1_000;
    const endsSec = this.#verified.get(token);
    if (endsSec !== undefined && nowSec < endsSec) return;
    const exp = await this.#check(token);
    if (this.#verified.size >= MAX_CACHED) this.#verified.clear();
    this.#verified.set(token, exp);
  }

  async #check(token: string): Promise<number> {
    try {
      const { payload } = await jwtVerify(token, this.key, {
        algorithms: ["EdDSA"],
        audience: this.hostId,
        clockTolerance: CLOCK_TOLERANCE_SEC,
        requiredClaims: ["exp", "iat"],
      });
      const { exp = 0, iat = 0 } = payload;
      if (exp - iat > MAX_LIFETIME_SEC) throw new Error(`it lives longer than ${MAX_LIFETIME_SEC} s`);
      return exp + CLOCK_TOLERANCE_SEC;
    } catch (cause) {
      throw new TokenRefused("the call's token was refused", { cause });
    }
  }
}
