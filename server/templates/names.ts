/** What a snapshot may be called, and what a name stands for. */

export const TEMPLATE_NAME = /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,63}$/;

/** E2B's name for `minimal`. */
const ALIASES: Record<string, string> = { base: "minimal" };

const RESERVED = new Set(["minimal", "base"]);

/** What a client may know of a template: its name, and perhaps that the same text is an id. */
export interface TemplateRef {
  name: string;
  /** Bare UUID. */
  id?: string | null;
  /** Of the team it must belong to. */
  slug?: string | null;
}

/** The name that is looked up for the one a client gave. */
export const canonicalName = (name: string): string => ALIASES[name] ?? name;

/** Names that no team may take; the platform's own names are added by the caller's query. */
export const isReserved = (name: string): boolean => RESERVED.has(name);

/** `snapshot-` and 8 hex digits. */
export const autoName = (): string =>
  `snapshot-${Buffer.from(crypto.getRandomValues(new Uint8Array(4))).toString("hex")}`;
