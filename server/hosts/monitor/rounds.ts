/**
 * Reconciles hosts, all at once, none waiting for another. A host is never reconciled twice at the same time by
 * one server; two servers doing so do no harm.
 */
import { type ReconcileDeps, reconcileHost } from "../reconcile-host.ts";
import { listOnlineHosts } from "../store.ts";

export class Rounds {
  #isStopped = false;
  /** Reconciles under way, by host. */
  readonly #running = new Map<string, Promise<void>>();
  /** Hosts to go to again as soon as their present reconcile is over. */
  readonly #again = new Set<string>();

  constructor(private readonly deps: ReconcileDeps) {}

  /** Begins no more; resolves when what is under way is over. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.#running.values());
  }

  /** Reconciles the hosts that are online and not being reconciled; resolves when each is done. */
  async go(only?: string): Promise<void> {
    if (this.#isStopped) return;
    try {
      const hosts = await listOnlineHosts(this.deps.sql, only);
      const due = hosts.filter(({ id }) => !this.#running.has(id));
      await Promise.all(
        due.map((host) => {
          const work = reconcileHost(this.deps, host).finally(() => {
            this.#running.delete(host.id);
            if (this.#again.delete(host.id)) void this.go(host.id);
          });
          this.#running.set(host.id, work);
          return work;
        }),
      );
    } catch (error) {
      this.deps.log.warn("a round of the host monitor failed", { error });
    }
  }

  /** This host has something to tell: go there now, and not only at the next round. */
  nudge(hostId: string): void {
    if (this.#running.has(hostId)) this.#again.add(hostId);
    else void this.go(hostId);
  }
}
