/** Hosts for one new sandbox, one after the other, as the database has them at that moment. */
import type { Sql } from "../../db/sql.ts";
import { invalidRequest, unavailable } from "../errors.ts";
import type { HostEndpoint } from "./host-fetch.ts";
import { oversize, type Placement, type Scheduler } from "./scheduler.ts";
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
    const placement: Placement = { ...this.placement, excluded: this.#excluded };
    const hosts = await listCandidates(this.deps.sql, {
      teamId: placement.team.id,
      templateId: this.templateId,
    });
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

  /** Another one after a refusal; null when enough were asked or none is left. */
  async another(): Promise<HostEndpoint | null> {
    if (this.#excluded.size >= MAX_HOSTS) return null;
    return this.next().catch(() => null);
  }
}
