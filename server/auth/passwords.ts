/** Passwords: what is accepted, and hashing that cannot be used to exhaust the machine. */
import { invalidRequest, unavailable } from "../errors.ts";
import type { ApiError } from "../errors.ts";
import { COMMON_PASSWORDS } from "./common-passwords.ts";

export const MIN_PASSWORD_LENGTH = 8;
export const MAX_PASSWORD_LENGTH = 128;

/** The functions of `Bun.password` that are used here; tests count their calls. */
export interface Argon {
  hash(password: string, options: typeof ARGON): Promise<string>;
  verify(password: string, hash: string): Promise<boolean>;
}

/** OWASP's least for argon2id: 19 MiB, two passes. About 50 ms of one core. */
const ARGON = { algorithm: "argon2id", memoryCost: 19_456, timeCost: 2 } as const;

export interface PasswordLimits {
  /** Hashes computed at once. @default {2} */
  maxRunning?: number;
  /** Requests that wait their turn; 200 are about five seconds of work. @default {200} */
  maxWaiting?: number;
  /** @default {Bun.password} */
  argon?: Argon;
}

const randomBase64 = (bytes: number): string =>
  Buffer.from(crypto.getRandomValues(new Uint8Array(bytes)))
    .toString("base64")
    .replace(/=+$/, "");

/**
 * Written as the hash of a password would be, with salt and digest at random: checking against it costs what
 * any check does, no password is known to match, and making it costs nothing.
 */
const nobodysHash = (): string =>
  `$argon2id$v=19$m=${ARGON.memoryCost},t=${ARGON.timeCost},p=1$${randomBase64(32)}$${randomBase64(32)}`;

const normalize = (password: string): string => password.normalize("NFC");

/** Why `password` is not accepted for this account, or null. @param field what the client calls it. */
export const checkPassword = (password: string, email: string, field = "password"): ApiError | null => {
  const length = Array.from(password).length;
  if (length < MIN_PASSWORD_LENGTH) {
    return invalidRequest(field, "min_length", `${field}: use at least ${MIN_PASSWORD_LENGTH} characters.`);
  }
  if (length > MAX_PASSWORD_LENGTH) {
    return invalidRequest(field, "max_length", `${field}: use at most ${MAX_PASSWORD_LENGTH} characters.`);
  }
  const lower = password.toLowerCase();
  if (COMMON_PASSWORDS.has(lower) || lower === email.toLowerCase() || /^(.)\1*$/u.test(lower)) {
    return invalidRequest(
      field,
      "common_password",
      `${field}: this one is among the first that attackers try; choose another.`,
    );
  }
  return null;
};

export class Passwords {
  readonly #maxRunning: number;
  readonly #maxWaiting: number;
  #running = 0;
  readonly #waiting: (() => void)[] = [];
  readonly #argon: Argon;
  readonly #nobody = nobodysHash();

  constructor({ maxRunning = 2, maxWaiting = 200, argon = Bun.password }: PasswordLimits = {}) {
    this.#maxRunning = maxRunning;
    this.#maxWaiting = maxWaiting;
    this.#argon = argon;
  }

  /** A PHC string. Throws 503 `busy` when too many are waiting. */
  hash(password: string): Promise<string> {
    return this.#queued(() => this.#argon.hash(normalize(password), ARGON));
  }

  /**
   * Whether `password` belongs to `hash`. Null (no such account, or none with a password) costs the same
   * work and is never right.
   */
  async verify(password: string, hash: string | null): Promise<boolean> {
    const against = hash ?? this.#nobody;
    const matches = await this.#queued(() => this.#argon.verify(normalize(password), against));
    return matches && hash !== null;
  }

  async #queued<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#maxRunning) {
      if (this.#waiting.length >= this.#maxWaiting) {
        throw unavailable("busy", "Too many sign-ins at this moment. Try again in a few seconds.");
      }
      // Whoever ends hands over the place, so `#running` stays as it is.
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      this.#running += 1;
    }
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}
