/** Who can help somebody to a host that works. */
import type { Member } from "../../state/members.ts";

/** More names are no help. */
const MOST = 3;

/** `Ada`, `Ada or Grace`, `Ada, Grace or Alan`: those who look after the hosts of a team; empty while unknown. */
export const whomToAsk = (members: readonly Member[]): string => {
  const names = members.filter(({ role }) => role !== "member").map(({ name, email }) => name || email);
  const shown = names.slice(0, MOST);
  const last = shown.pop();
  if (last === undefined) return "";
  return shown.length === 0 ? last : `${shown.join(", ")} or ${last}`;
};
