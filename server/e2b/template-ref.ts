/** How E2B's clients name templates: an id of 32 hex digits, a name, `name:default`, `slug/name`. */
import { isUuid, parseTemplateId } from "../../proto/ids.ts";
import type { TemplateRef } from "../templates/names.ts";

const REF = /^(?:(?<slug>[^/:]+)\/)?(?<name>[^/:]+)(?::(?<tag>[^/:]+))?$/;
const HEX = /^([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})$/;

const readId = (text: string): string | null => {
  const uuid = HEX.exec(text)?.slice(1).join("-") ?? "";
  return isUuid(uuid) ? uuid : parseTemplateId(text);
};

/** Null for what can be nobody's; there are no tags but `default`. */
export const parseTemplateRef = (text: string): TemplateRef | null => {
  const { slug = null, name, tag = "default" } = REF.exec(text)?.groups ?? {};
  if (name === undefined || tag !== "default") return null;
  return { name, id: readId(name), slug };
};

/** What clients call the template of this name: E2B's own word for the built-in one. */
export const aliasOf = (name: string): string => (name === "minimal" ? "base" : name);

/** With its team and tag, as listed. */
export const fullName = (slug: string, name: string): string => `${slug}/${aliasOf(name)}:default`;
