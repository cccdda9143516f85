/**
 * The limits as routes and guards use them: each call counts one request, writes what is left to the answer's
 * head, and throws 429 `rate_limited` when it was one too many.
 */
import { sha256 } from "../auth/secrets.ts";
import { ApiError } from "../errors.ts";
import type { Requests } from "../http/requests.ts";
import type { Metrics } from "../metrics.ts";
import { addressBlock } from "./address-block.ts";
import { kindOf, LOCAL_CLASSES, SHARED_CLASSES } from "./classes.ts";
import type { LimitClass, LocalClass, Rules, SharedClass } from "./classes.ts";
import { MemoryLimiter } from "./memory-limiter.ts";
import { SharedLimiter } from "./shared-limiter.ts";
import type { Verdict } from "./sliding-window.ts";
import type { RateLimitStore } from "./store.ts";

/** The part of an answer that limits write to. Elysia's `set` has it. */
export interface AnswerHead {
  headers: Record<string, string | number | string[] | undefined>;
}

/** A request and, where it has one by now, its answer. Elysia's context has both. */
export interface Limited {
  request: Request;
  set?: AnswerHead;
}

export interface RateLimitDeps {
  /** Null: nothing is limited. */
  rules: Rules | null;
  store: RateLimitStore;
  metrics: Metrics;
  requests: Requests;
}

interface Limiters {
  shared: Record<SharedClass, SharedLimiter>;
  local: Record<LocalClass, MemoryLimiter>;
}

const byName = <Name extends string, T>(names: readonly Name[], make: (name: Name) => T) =>
  Object.fromEntries(names.map((name) => [name, make(name)])) as Record<Name, T>;

const headersOf = ({ rule, remaining, resetSec }: Verdict): Record<string, string> => ({
  "ratelimit-limit": String(rule.count),
  "ratelimit-remaining": String(remaining),
  "ratelimit-reset": String(resetSec),
});

const refusal = (name: LimitClass, verdict: Verdict): ApiError => {
  const { rule, resetSec } = verdict;
  const message = `Too many requests of this kind (${rule.count} per ${rule.windowSec} seconds). Try again in ${resetSec} seconds.`;
  return new ApiError(429, "rate_limited", message, {
    details: { class: name, retry_after_sec: resetSec },
    headers: { ...headersOf(verdict), "retry-after": String(resetSec) },
  });
};

export class RateLimits {
  readonly #limiters: Limiters | null;

  constructor(private readonly deps: RateLimitDeps) {
    const { rules, store } = deps;
    this.#limiters = rules && {
      shared: byName(SHARED_CLASSES, (name) => new SharedLimiter({ store, name, rule: rules[name] })),
      local: byName(LOCAL_CLASSES, (name) => new MemoryLimiter(rules[name])),
    };
  }

  /** Counted with the other servers; costs a statement. `subject` is a bare id or an address. */
  async shared(name: SharedClass, subject: string, set?: AnswerHead): Promise<void> {
    if (this.#limiters === null) return;
    this.#judge(name, await this.#limiters.shared[name].hit(subject), set);
  }

  /** Counted here. */
  local(name: LocalClass, subject: string, set?: AnswerHead): void {
    if (this.#limiters === null) return;
    this.#judge(name, this.#limiters.local[name].hit(subject), set);
  }

  /** Refuses what comes from an address that is over `name`, and counts nothing. */
  refuseOver(name: LocalClass, { request }: Limited): void {
    if (this.#limiters === null) return;
    this.#judge(name, this.#limiters.local[name].peek(this.addressOf(request)));
  }

  /** A read or a write, by the request's method. @param callerId bare id of the API key or else the person */
  caller({ request, set }: Limited, callerId: string): void {
    this.local(kindOf(request), callerId, set);
  }

  /** Credentials that were not good. */
  failed({ request }: Limited): void {
    this.local("failed", this.addressOf(request));
  }

  /** One use of a secret that counts once. */
  link({ request, set }: Limited): void {
    this.local("link", this.addressOf(request), set);
  }

  /** One search for the sandbox that a signature is of. */
  signature({ request }: Limited): void {
    this.local("signature", this.addressOf(request));
  }

  /** A sign-in, before anything is known of the account: known and unknown ones are counted alike. */
  async logIn({ request, set }: Limited, email: string): Promise<void> {
    await this.shared("login", this.addressOf(request), set);
    // After the address, which alone cannot use this up.
    await this.password(email);
  }

  /** A check of an account's password. Not in the answer's head: what others try is not told. */
  async password(email: string): Promise<void> {
    await this.shared("login_email", sha256(email.trim().toLowerCase()).toString("base64url"));
  }

  async signUp({ request, set }: Limited): Promise<void> {
    await this.shared("signup", this.addressOf(request), set);
  }

  /** Whom limits by address count a request for. */
  addressOf(request: Request): string {
    return addressBlock(this.deps.requests.info(request).client);
  }

  #judge(name: LimitClass, verdict: Verdict, set?: AnswerHead): void {
    if (!verdict.passed) {
      this.deps.metrics.countRefusal(name);
      throw refusal(name, verdict);
    }
    if (set !== undefined) Object.assign(set.headers, headersOf(verdict));
  }
}
