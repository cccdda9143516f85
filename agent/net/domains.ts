/** Names of hosts in one form, and lists of those a sandbox may reach. */
import { DOMAIN_PATTERN, MAX_DOMAIN_LENGTH } from "../../proto/domain.ts";

const DOMAIN = new RegExp(DOMAIN_PATTERN);
const WILDCARD = "*.";

/** In small letters, without the dot at the end. Null: no name of a host that a list could hold. */
export const canonicalDomain = (text: string): string | null => {
  const name = text.endsWith(".") ? text.slice(0, -1) : text;
  if (name.length > MAX_DOMAIN_LENGTH || name.startsWith(WILDCARD) || !DOMAIN.test(name)) return null;
  return name.endsWith(".") ? null : name.toLowerCase();
};

/** Which names an allow-list admits: those on it, and those below `*.` entries at any depth. */
export class DomainList {
  readonly #names = new Set<string>();
  readonly #parents = new Set<string>();

  /** What is no domain admits nothing. */
  constructor(entries: readonly string[]) {
    for (const entry of entries) {
      const isWildcard = entry.startsWith(WILDCARD);
      const text = (isWildcard ? entry.slice(WILDCARD.length) : entry).toLowerCase();
      const name = text.endsWith(".") ? text.slice(0, -1) : text;
      if (name !== "") (isWildcard ? this.#parents : this.#names).add(name);
    }
  }

  /** @param name as `canonicalDomain` gives it */
  admits(name: string): boolean {
    if (this.#names.has(name)) return true;
    for (let dot = name.indexOf("."); dot !== -1; dot = name.indexOf(".", dot + 1)) {
      if (this.#parents.has(name.slice(dot + 1))) return true;
    }
    return false;
  }
}
