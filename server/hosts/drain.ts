/**
 * Emptying a host: the database says that it takes nothing new, and the host is told until it says so too. What
 * runs on it goes on, or is paused.
 */
import type { Sql, Tx } from "../../db/sql.ts";
import { hostEvents } from "../audit/host-events.ts";
import { record } from "../audit/record.ts";
import type { Log } from "../log.ts";
import { type Changer, hostNotFound, keepRight } from "./access.ts";
import type { HostClientPool } from "./client-pool.ts";
import { endpointOf, type Host } from "./host.ts";
import { findHost, notePaused, setDraining } from "./store.ts";

/** Tells hosts beside everything else: pausing all that runs may take minutes. */
export class DrainCalls {
  /** Calls under way, by host; true: there is something newer to tell after it. */
  readonly #running = new Map<string, boolean>();

  constructor(private readonly deps: { sql: Sql; hosts: HostClientPool; log: Log }) {}

  /** Tells the host what the database says. What fails is repeated by the next reconcile. */
  tell(hostId: string): void {
    if (this.#running.has(hostId)) {
      this.#running.set(hostId, true);
      return;
    }
    this.#running.set(hostId, false);
    this.#call(hostId)
      .catch((error: unknown) =>
        this.deps.log.warn("a host could not be told whether it is drained; the reconcile repeats it", {
          host: hostId,
          error,
        }),
      )
      .finally(() => {
        const isOutdated = this.#running.get(hostId) === true;
        this.#running.delete(hostId);
        if (isOutdated) this.tell(hostId);
      });
  }

  async #call(hostId: string): Promise<void> {
    const { sql, hosts } = this.deps;
    const host = await findHost(sql, hostId);
    const endpoint = host && endpointOf(host);
    if (!endpoint || host.status !== "online") return;
    const client = hosts.client(endpoint);
    if (!host.draining) {
      await client.undrain({});
      return;
    }
    await client.drain({ pause: host.drainPauseDue });
    if (host.drainPauseDue) await notePaused(sql, hostId);
  }
}

/** @throws ApiError 404 `host_not_found`. */
export const drainHost = async (
  { sql, drains }: { sql: Sql; drains: DrainCalls },
  changer: Changer,
  { host: known, draining, pause = false }: { host: Host; draining: boolean; pause?: boolean },
): Promise<Host> => {
  const { id, teamId } = known;
  const host = await sql.begin(async (tx: Tx) => {
    await keepRight(tx, changer, { teamId, what: "drain hosts" });
    const changed = await setDraining(tx, { id, draining, pause });
    if (!changed) throw hostNotFound(id);
    const { host, isChanged } = changed;
    const event = { teamId, actor: changer.actor, hostId: id };
    if (isChanged)
      await record(tx, draining ? hostEvents.drained({ ...event, pause }) : hostEvents.undrained(event));
    return host;
  });
  drains.tell(id);
  return host;
};
