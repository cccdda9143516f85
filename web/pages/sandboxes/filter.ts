/** Which sandboxes are left by what the person asked for. */
import type { Sandbox } from "../../state/sandboxes.ts";
import { GROUPS } from "./status.ts";

export interface Wanted {
  /** Names of groups of statuses; none: all. */
  groups: readonly string[];
  /** Words that all must stand in it somewhere. */
  text: string;
}

const textOf = ({ id, template, metadata }: Sandbox): string =>
  [id, template, ...Object.entries<string>(metadata).map(([key, value]) => `${key}=${value}`)]
    .join("\n")
    .toLowerCase();

export const filterSandboxes = (
  sandboxes: readonly Sandbox[],
  { groups, text }: Wanted,
): readonly Sandbox[] => {
  const statuses = GROUPS.filter(({ value }) => groups.includes(value)).flatMap((group) => group.statuses);
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (statuses.length === 0 && words.length === 0) return sandboxes;
  return sandboxes.filter((sandbox) => {
    if (statuses.length > 0 && !statuses.includes(sandbox.status)) return false;
    if (words.length === 0) return true;
    const found = textOf(sandbox);
    return words.every((word) => found.includes(word));
  });
};
