/**
 * Which host gets a new sandbox. Pure: the caller brings the hosts as the database has them.
 *
 * A host's own admission has the last word (`resource_exhausted`); then the caller asks again with
 * that host excluded.
 */

import type { HostEndpoint } from "./host-fetch.ts";

/** A host as the scheduler sees it. What it has not told yet is zero or empty. */
export interface HostCandidate extends HostEndpoint {
  type: "regular" | "byoc";
  teamId: string | null;
  status: "pending" | "online" | "unreachable";
  /** The server's last call to it got through. */
  reachable: boolean;
  draining: boolean;
  cpuCores: number;
  memoryMb: number;
  freeMemoryMb: number;
  freeDiskMb: number;
  runtimeId: string;
  holdsTemplate: boolean;
  /** The template is on its way to it. */
  copiesTemplate: boolean;
}

/** What has to be placed. */
export interface Placement {
  team: { id: string; isByoc: boolean };
  vcpus: number;
  memoryMb: number;
  diskSizeMb: number;
  /** Set for a snapshot template: its memory loads on an equal runtime only. */
  runtimeId: string | null;
  /** Hosts that already refused. */
  excluded: ReadonlySet<string>;
}

/** Completes the sentence "No host can take this sandbox: …". */
export type Choice = { ok: true; host: HostCandidate } | { ok: false; reason: string };

export interface Scheduler {
  choose(hosts: readonly HostCandidate[], placement: Placement): Choice;
}

/**
 * A clone costs what it writes, not its memory size, so free memory is only checked for a first
 * footing; the host's admission counts the rest.
 */
const MIN_FREE_MEMORY_MB = 128;

interface Condition {
  /** Told when this condition removed the last candidate. */
  failed: (placement: Placement) => string;
  holds: (host: HostCandidate, placement: Placement) => boolean;
}

const OWNED: Condition = {
  failed: ({ team }) => (team.isByoc ? "the team has no host of its own yet" : "no host is registered yet"),
  holds: (host, { team }) =>
    team.isByoc ? host.type === "byoc" && host.teamId === team.id : host.type === "regular",
};

/** In order: the first one that leaves no host is the one to tell. */
const CONDITIONS: readonly Condition[] = [
  OWNED,
  { failed: () => "no host is online", holds: (host) => host.status === "online" },
  {
    failed: () => "the server cannot open a connection to any online host",
    holds: (host) => host.reachable,
  },
  { failed: () => "every host is draining", holds: (host) => !host.draining },
  {
    failed: () => "no host holds the template's files (yet)",
    holds: (host) => host.holdsTemplate,
  },
  {
    failed: () => "no host has the runtime this snapshot was made with",
    holds: (host, { runtimeId }) => runtimeId === null || host.runtimeId === runtimeId,
  },
  {
    failed: () => "every host is out of memory",
    holds: (host) => host.freeMemoryMb >= MIN_FREE_MEMORY_MB,
  },
  {
    failed: ({ diskSizeMb }) => `no host has ${diskSizeMb} MB of free disk`,
    holds: (host, { diskSizeMb }) => host.freeDiskMb >= diskSizeMb,
  },
  {
    failed: () => "every host that could take it refused for lack of resources",
    holds: (host, { excluded }) => !excluded.has(host.id),
  },
];

/** A size that no host of the team has, however empty: the request is wrong, not the moment. */
export const oversize = (
  hosts: readonly HostCandidate[],
  placement: Placement,
): { field: "vcpus" | "memory_mb"; max: number } | null => {
  const own = hosts.filter((host) => host.status !== "pending" && OWNED.holds(host, placement));
  if (own.length === 0) return null;
  const maxCores = Math.max(...own.map((host) => host.cpuCores));
  if (placement.vcpus > maxCores) return { field: "vcpus", max: maxCores };
  const maxMemoryMb = Math.max(...own.map((host) => host.memoryMb));
  return placement.memoryMb > maxMemoryMb ? { field: "memory_mb", max: maxMemoryMb } : null;
};

/** Turns remembered; beyond, all of them start anew. */
const MAX_TURNS = 10_000;

/**
 * Of the hosts that qualify, the one whose last turn is longest ago: fair also while hosts come and go, and
 * when teams that may use different hosts ask in between.
 */
export class RoundRobin implements Scheduler {
  /** Each host's last turn. Only spreads load: each server process has its own, and losing it costs nothing. */
  readonly #turns = new Map<string, number>();
  #turn = 0;

  choose(hosts: readonly HostCandidate[], placement: Placement): Choice {
    let left = [...hosts];
    for (const { failed, holds } of CONDITIONS) {
      left = left.filter((host) => holds(host, placement));
      if (left.length === 0) return { ok: false, reason: failed(placement) };
    }
    const lastTurn = ({ id }: HostCandidate): number => this.#turns.get(id) ?? 0;
    left.sort((a, b) => lastTurn(a) - lastTurn(b) || a.id.localeCompare(b.id));
    const host = left[0];
    if (host === undefined) return { ok: false, reason: "no host is registered yet" };
    if (this.#turns.size >= MAX_TURNS) this.#turns.clear();
    this.#turns.set(host.id, ++this.#turn);
    return { ok: true, host };
  }
}
