/** What is in a preview link: until when it opens which port of which sandbox, signed with the instance's key. */
import { equalSecrets } from "../auth/secrets.ts";
import type { PortRef } from "./target.ts";

const TOKEN = /^(\d{1,12})\.([A-Za-z0-9_-]{43})$/;

/** Nothing is stored: the same on every server, and good until its time or the sandbox's end. */
export class PreviewTokens {
  constructor(private readonly trafficKey: Uint8Array) {}

  sign(ref: PortRef, expiresSec: number): string {
    return `${expiresSec}.${this.#signature(ref, String(expiresSec))}`;
  }

  /** When it ends, in unix seconds; null when it does not open this port, or not any more. */
  verify(token: string, ref: PortRef, nowMs = Date.now()): number | null {
    const [, expires = "", signature = ""] = TOKEN.exec(token) ?? [];
    if (signature === "" || !equalSecrets(signature, this.#signature(ref, expires))) return null;
    const expiresSec = Number(expires);
    return expiresSec * 1_000 > nowMs ? expiresSec : null;
  }

  #signature({ sandboxId, port }: PortRef, expires: string): string {
    const text = `preview/${sandboxId}/${port}/${expires}`;
    return new Bun.CryptoHasher("sha256", this.trafficKey).update(text).digest("base64url");
  }
}
