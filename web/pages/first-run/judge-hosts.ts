/** Of all hosts a team's sandboxes may run on, the one that matters before there is any sandbox. */
import type { Host } from "../../state/hosts.ts";
import { type HostState, stateOf } from "../hosts/state-of.ts";

export type HostVerdict = { kind: "none" } | { kind: HostState | "draining"; host: Host };

/** From the best to the one that is furthest from holding a sandbox. */
const RANK = ["online", "silent", "draining", "unreachable", "pending"] as const;

const kindOf = (host: Host): (typeof RANK)[number] => {
  const state = stateOf(host);
  return state === "online" && host.draining ? "draining" : state;
};

/** The first of the best. */
export const judgeHosts = (hosts: readonly Host[]): HostVerdict => {
  for (const kind of RANK) {
    const host = hosts.find((one) => kindOf(one) === kind);
    if (host !== undefined) return { kind, host };
  }
  return { kind: "none" };
};
