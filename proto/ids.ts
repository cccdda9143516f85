/**
 * The wire form of every entity id: a short prefix and a UUID (`sb-0198…`).
 *
 * Inside the programs ids are bare lower-case UUIDs; the prefixed form exists only at HTTP and RPC
 * borders. Parsing never throws: a wrong prefix, length or alphabet gives `null`.
 */
import { v7, validate } from "uuid";

/** Prefix of each entity's id on the wire. */
export const ID_PREFIXES = {
  sandbox: "sb",
  user: "usr",
  team: "team",
  key: "key",
  host: "host",
  template: "tpl",
  auditLog: "log",
  session: "ses",
  hostToken: "htok",
  hostRefreshToken: "hrt",
} as const;

export type Entity = keyof typeof ID_PREFIXES;

/** The platform team, and the built-in template `minimal` under it. */
export const ZERO_UUID = "00000000-0000-0000-0000-000000000000";

/** A new time-ordered UUID (version 7). */
export const newId = (): string => v7();

/** When an id of ours was made: the first 48 bits of a version 7 UUID are its milliseconds. */
export const timeOfId = (uuid: string): Date =>
  new Date(Number.parseInt(uuid.slice(0, 8) + uuid.slice(9, 13), 16));

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const HEX = /^[0-9a-f]{32}$/;

/** True for a bare UUID in its canonical lower-case form. */
export const isUuid = (text: string): boolean => UUID.test(text) && validate(text);

const hyphenate = (hex: string): string =>
  `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;

const format = (entity: Entity) => (uuid: string) => `${ID_PREFIXES[entity]}-${uuid}`;

const parse = (entity: Entity) => (text: string) => {
  const prefix = `${ID_PREFIXES[entity]}-`;
  if (!text.startsWith(prefix)) return null;
  const uuid = text.slice(prefix.length);
  return isUuid(uuid) ? uuid : null;
};

export const formatUserId = format("user");
export const parseUserId = parse("user");
export const formatTeamId = format("team");
export const parseTeamId = parse("team");
export const formatKeyId = format("key");
export const parseKeyId = parse("key");
export const formatHostId = format("host");
export const parseHostId = parse("host");
export const formatTemplateId = format("template");
export const parseTemplateId = parse("template");
export const formatAuditLogId = format("auditLog");
export const parseAuditLogId = parse("auditLog");
export const formatSessionId = format("session");
export const parseSessionId = parse("session");
export const formatHostTokenId = format("hostToken");
export const parseHostTokenId = parse("hostToken");
export const formatHostRefreshTokenId = format("hostRefreshToken");
export const parseHostRefreshTokenId = parse("hostRefreshToken");

export const formatSandboxId = format("sandbox");
const parsePrefixedSandboxId = parse("sandbox");

/** Accepts the prefixed form and E2B's (the UUID's 32 hex digits): clients give either. */
export const parseSandboxId = (text: string): string | null => {
  if (!HEX.test(text)) return parsePrefixedSandboxId(text);
  const uuid = hyphenate(text);
  return isUuid(uuid) ? uuid : null;
};

/** E2B's form of a sandbox or template id: 32 hex digits. */
export const formatHexId = (uuid: string): string => uuid.replaceAll("-", "");
