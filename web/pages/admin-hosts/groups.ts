/** Hosts counted by state, and put together by the team whose own they are. */
import type { Host } from "../../state/hosts.ts";

export interface HostCounts {
  total: number;
  online: number;
  pending: number;
  unreachable: number;
}

export const countHosts = (hosts: readonly Host[]): HostCounts => {
  const counts: HostCounts = { total: hosts.length, online: 0, pending: 0, unreachable: 0 };
  for (const { status } of hosts) counts[status] += 1;
  return counts;
};

export interface HostGroup {
  teamId: string;
  name: string;
  hosts: readonly Host[];
}

/** By the teams' names; the platform's are left out. */
export const groupByTeam = (hosts: readonly Host[]): readonly HostGroup[] => {
  const groups = Map.groupBy(hosts, ({ team_id: teamId }) => teamId ?? "");
  return [...groups]
    .filter(([teamId]) => teamId !== "")
    .map(([teamId, ofTeam]) => {
      const name = ofTeam.map(({ team_name: one }) => one).find((one) => one) ?? teamId;
      return { teamId, name, hosts: ofTeam };
    })
    .sort((one, other) => one.name.localeCompare(other.name));
};
