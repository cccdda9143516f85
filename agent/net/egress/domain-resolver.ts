/**
 * Finds the addresses of names for one sandbox, by asking the resolver that all sandboxes of this host use.
 * An answer is kept for a short while, so that the guest and the gate it connects through see the same.
 */
import { Resolver } from "node:dns/promises";

const ATTEMPT_MS = 2_000;
const ATTEMPTS = 2;
/** More than a list has names; what is below wildcards takes the rest in turn. */
const MAX_KEPT = 256;
const MAX_UNDER_WAY = 64;
/** A name that moves is followed within a minute, and one with a TTL of 0 is not asked for twice per connection. */
const TTL_SEC = { min: 2, max: 60 };
const FAILURE_TTL_SEC = 1;

export type ResolveFailure = "no_such_name" | "failed";

export interface Resolved {
  /** IPv4. Empty: the name is there and has none that may be reached. */
  addresses: string[];
  failure?: ResolveFailure;
  ttlSec: number;
}

export interface DomainResolverOptions {
  /** The DNS server to ask now. Null: this host has none. */
  server: () => string | null;
  /** Whether sandboxes may reach an address at all. */
  isReachable: (address: string) => boolean;
}

interface Kept {
  answer: Promise<Resolved>;
  untilMs: number;
}

const failed = (failure: ResolveFailure): Resolved => ({ addresses: [], failure, ttlSec: FAILURE_TTL_SEC });

const codeOf = (error: unknown): string =>
  error instanceof Error && "code" in error ? String(error.code) : "";

export class DomainResolver {
  readonly #options: DomainResolverOptions;
  readonly #kept = new Map<string, Kept>();
  #underWay = 0;

  constructor(options: DomainResolverOptions) {
    this.#options = options;
  }

  /** Never rejects. @param name as `canonicalDomain` gives it */
  resolve(name: string): Promise<Resolved> {
    const kept = this.#kept.get(name);
    if (kept !== undefined && kept.untilMs > Date.now()) return kept.answer;
    if (this.#underWay >= MAX_UNDER_WAY) return Promise.resolve(failed("failed"));
    this.#kept.delete(name);
    const [oldest] = this.#kept.keys();
    if (oldest !== undefined && this.#kept.size >= MAX_KEPT) this.#kept.delete(oldest);
    const entry: Kept = { answer: this.#ask(name), untilMs: Number.POSITIVE_INFINITY };
    this.#kept.set(name, entry);
    void entry.answer.then(({ ttlSec }) => {
      entry.untilMs = Date.now() + ttlSec * 1_000;
    });
    return entry.answer;
  }

  async #ask(name: string): Promise<Resolved> {
    const server = this.#options.server();
    if (server === null) return failed("failed");
    this.#underWay += 1;
    try {
      const resolver = new Resolver({ timeout: ATTEMPT_MS, tries: ATTEMPTS });
      resolver.setServers([server]);
      const records = await resolver.resolve4(name, { ttl: true });
      const lowest = Math.min(...records.map(({ ttl }) => ttl), TTL_SEC.max);
      const addresses = records.map(({ address }) => address).filter(this.#options.isReachable);
      return { addresses, ttlSec: Math.max(lowest, TTL_SEC.min) };
    } catch (error) {
      const code = codeOf(error);
      if (code === "ENODATA") return { addresses: [], ttlSec: TTL_SEC.min };
      return failed(code === "ENOTFOUND" ? "no_such_name" : "failed");
    } finally {
      this.#underWay -= 1;
    }
  }
}
