/** Hosts for one new sandbox, one after the other, as the database has them at that moment. */
import type { Sql } from "../../db/sql.ts";
import { ApiError, invalidRequest, unavailable } from "../errors.ts";
import type { HostEndpoint } from "./host-fetch.ts";
import { type HostCandidate, oversize, type Placement, type Scheduler } from "./scheduler.ts";
import { listCandidates } from "./store.ts";

/** Hosts asked before giving up. */
const MAX_HOSTS = 3;
/** How long creates agree on where a copy goes. */
const AGREED_MS = 60_000;

/**
 * Hosts in the order in which a template is brought to them: where it is on its way first, then the same for
 * every create and server, so that those that come at once make one copy. The order changes with time, lest
 * a host that refuses the template be the first for ever.
 */
const inCopyOrder = (hosts: readonly HostCandidate[], templateId: string): HostCandidate[] => {
  const period = Math.floor(Date.now() / AGREED_MS);
  const ranked = hosts.map((host) => ({
    host,
    rank: Bun.hash.wyhash(`${templateId}/${host.id}/${period}`),
  }));
  ranked.sort((a, b) => {
    if (a.host.copiesTemplate !== b.host.copiesTemplate) return a.host.copiesTemplate ? -1 : 1;
    return a.rank < b.rank ? -1 : 1;
  });
  return ranked.map(({ host }) => host);
};

/** What there is to choose from at a moment. */
interface Look {
  placement: Placement;
  hosts: HostCandidate[];
}

export class HostChooser {
  readonly #excluded = new Set<string>();

  constructor(
    private readonly deps: { sql: Sql; scheduler: Scheduler },
    private readonly templateId: string,
    private readonly placement: Omit<Placement, "excluded">,
  ) {}

  /**
   * A host not given before.
   * @throws ApiError 503 `no_hosts_available` with the condition that failed, 400 for a size beyond
   *   every host.
   */
  async next(): Promise<HostEndpoint> {
    return this.#choose(await this.#look());
  }

  /**
   * A host that could take it if it held the template, with room for both, the first in the order of copies;
   * null when there is none, or the template is not one that is copied.
   * @param templateMb what the template takes on a host's disk.
   */
  async copyTarget(templateMb: number): Promise<HostEndpoint | null> {
    return this.#chooseTarget(await this.#look(), templateMb);
  }

  /**
   * As `next`, or else as `copyTarget`, by one look: a copy that came to its end between two would be neither
   * a holder at the first nor a target at the second, and be made again on another host.
   * @throws ApiError as `next` does, when there is no target either.
   */
  async nextOrTarget(templateMb: number): Promise<{ host: HostEndpoint; holdsTemplate: boolean }> {
    const look = await this.#look();
    try {
      return { host: this.#choose(look), holdsTemplate: true };
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== "no_hosts_available") throw error;
      const target = this.#chooseTarget(look, templateMb);
      if (!target) throw error;
      return { host: target, holdsTemplate: false };
    }
  }

  #choose({ placement, hosts }: Look): HostEndpoint {
    const tooBig = oversize(hosts, placement);
    if (tooBig) {
      const { field, max } = tooBig;
      throw invalidRequest(field, "maximum", `${field} can be at most ${max}: no host has more.`);
    }
    const choice = this.deps.scheduler.choose(hosts, placement);
    if (!choice.ok) {
      throw unavailable("no_hosts_available", `No host can take this sandbox: ${choice.reason}.`);
    }
    this.#excluded.add(choice.host.id);
    return choice.host;
  }

  #chooseTarget({ placement, hosts }: Look, templateMb: number): HostEndpoint | null {
    if (placement.runtimeId === null) return null;
    const others = hosts.filter((host) => !host.holdsTemplate);
    for (const host of inCopyOrder(others, this.templateId)) {
      // What is on its way has its room already, and takes it from what the host says is free.
      const diskSizeMb = placement.diskSizeMb + (host.copiesTemplate ? 0 : templateMb);
      const whenThere = { ...host, holdsTemplate: true };
      const choice = this.deps.scheduler.choose([whenThere], { ...placement, diskSizeMb });
      if (!choice.ok) continue;
      this.#excluded.add(choice.host.id);
      return choice.host;
    }
    return null;
  }

  async #look(): Promise<Look> {
    const placement: Placement = { ...this.placement, excluded: this.#excluded };
    const { id: teamId } = placement.team;
    const hosts = await listCandidates(this.deps.sql, { teamId, templateId: this.templateId });
    return { placement, hosts };
  }

  /** Another one after a refusal; null when enough were asked or none is left. */
  async another(): Promise<HostEndpoint | null> {
    if (this.#excluded.size >= MAX_HOSTS) return null;
    return this.next().catch(() => null);
  }
}
