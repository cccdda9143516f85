/** Hosts for one new sandbox, one after the other, as the database has them at that moment. */
import type { Sql } from "../../db/sql.ts";
import { invalidRequest, unavailable } from "../errors.ts";
import type { HostEndpoint } from "./host-fetch.ts";
import { type HostCandidate, oversize, type Placement, type Scheduler } from "./scheduler.ts";
import { listCandidates } from "./store.ts";

/** Hosts asked before giving up. */
const MAX_HOSTS = 3;

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
    const { placement, hosts } = await this.#look();
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

  /**
   * A host that could take it if it held the template, with room for both; null when there is none, or the
   * template is not one that is copied.
   * @param templateMb what the template takes on a host's disk.
   */
  async copyTarget(templateMb: number): Promise<HostEndpoint | null> {
    const { placement, hosts } = await this.#look();
    if (placement.runtimeId === null) return null;
    const others = hosts.filter((host) => !host.holdsTemplate);
    const choice = this.deps.scheduler.choose(
      others.map((host) => ({ ...host, holdsTemplate: true })),
      { ...placement, diskSizeMb: placement.diskSizeMb + templateMb },
    );
    if (!choice.ok) return null;
    this.#excluded.add(choice.host.id);
    return choice.host;
  }

  async #look(): Promise<{ placement: Placement; hosts: HostCandidate[] }> {
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
