/** Which sandboxes are left by what the person asked for. */
import type { Sandbox } from "../../state/sandboxes.ts";
import { withWords } from "../../text/words.ts";
import { GROUPS } from "./status.ts";

export interface Wanted {
  /** Names of groups of statuses; none: all. */
  groups: readonly string[];
  /** Words that all must stand in it somewhere. */
  text: string;
}

const textsOf = ({ id, template, metadata }: Sandbox): readonly string[] => [
  id,
  template,
  ...Object.entries<string>(metadata).map(([key, value]) => `${key}=${value}`),
];

export const filterSandboxes = (
  sandboxes: readonly Sandbox[],
  { groups, text }: Wanted,
): readonly Sandbox[] => {
  const statuses = GROUPS.filter(({ value }) => groups.includes(value)).flatMap((group) => group.statuses);
  const ofGroups =
    statuses.length === 0 ? sandboxes : sandboxes.filter(({ status }) => statuses.includes(status));
  return withWords(ofGroups, text, textsOf);
};
