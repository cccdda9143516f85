/** The instance's signed tokens of users and hosts. They say who, never what is allowed. */
import { jwtVerify, SignJWT } from "jose";
import type { JWTPayload } from "jose";

import type { TeamRole } from "../../db/constants.ts";
import { isUuid } from "../../proto/ids.ts";
import type { Settings } from "../settings.ts";
import { sha256 } from "./secrets.ts";

export const USER_TOKEN_SEC = 15 * 60;
export const HOST_TOKEN_SEC = 7 * 24 * 3600;

/** Verified tokens remembered; past it the memory starts over. */
const MAX_REMEMBERED = 10_000;

/** What a user's token carries. All but `sub` and `sid` is for display. */
export interface UserClaims {
  /** User and session, bare UUIDs. */
  sub: string;
  sid: string;
  team_id: string | null;
  role: TeamRole | null;
  name: string;
  email: string;
  is_admin: boolean;
}

export interface SignedToken {
  token: string;
  expiresAt: Date;
}

type Audience = "user" | "host";

const isId = (claim: unknown): claim is string => typeof claim === "string" && isUuid(claim);

export class Tokens {
  readonly #verified = new Map<string, JWTPayload>();

  constructor(private readonly settings: Pick<Settings, "instanceId" | "userTokenKey" | "hostTokenKey">) {}

  signUser({ sub, ...claims }: UserClaims): Promise<SignedToken> {
    return this.#sign("user", sub, USER_TOKEN_SEC, { ...claims });
  }

  /** @param hostId bare UUID. */
  signHost(hostId: string): Promise<SignedToken> {
    return this.#sign("host", hostId, HOST_TOKEN_SEC, {});
  }

  /** Who a user's token names and for which team it was made; null when it is not valid now. */
  async verifyUser(
    token: string,
  ): Promise<{ userId: string; sessionId: string; teamId: string | null } | null> {
    const payload = await this.#verify("user", token);
    const { sub: userId, sid: sessionId, team_id: teamId = null } = payload ?? {};
    // Callers are looked up together: an id that the database refuses would fail the others with it.
    if (!isId(userId) || !isId(sessionId) || !(teamId === null || isId(teamId))) return null;
    return { userId, sessionId, teamId };
  }

  /** The host's bare id, or null. */
  async verifyHost(token: string): Promise<string | null> {
    return (await this.#verify("host", token))?.sub ?? null;
  }

  async #sign(audience: Audience, sub: string, lifeSec: number, claims: JWTPayload): Promise<SignedToken> {
    const nowSec = Math.floor(Date.now() / 1000);
    const token = await new SignJWT(claims)
      .setProtectedHeader({ alg: "HS256" })
      .setIssuer(this.settings.instanceId)
      .setAudience(audience)
      .setSubject(sub)
      .setIssuedAt(nowSec)
      .setExpirationTime(nowSec + lifeSec)
      .sign(this.#key(audience));
    return { token, expiresAt: new Date((nowSec + lifeSec) * 1000) };
  }

  #key(audience: Audience): Uint8Array {
    return audience === "user" ? this.settings.userTokenKey : this.settings.hostTokenKey;
  }

  // A signature stays right until `exp`, so it is checked once. Rights are never remembered.
  async #verify(audience: Audience, token: string): Promise<JWTPayload | null> {
    const digest = `${audience}:${sha256(token).toString("base64")}`;
    const known = this.#verified.get(digest);
    if (known !== undefined) return (known.exp ?? 0) * 1000 > Date.now() ? known : null;
    const payload = await jwtVerify(token, this.#key(audience), {
      algorithms: ["HS256"],
      issuer: this.settings.instanceId,
      audience,
      requiredClaims: ["sub", "exp"],
    }).then(
      (verified) => verified.payload,
      () => null,
    );
    if (payload === null) return null;
    if (this.#verified.size >= MAX_REMEMBERED) this.#verified.clear();
    this.#verified.set(digest, payload);
    return payload;
  }
}
