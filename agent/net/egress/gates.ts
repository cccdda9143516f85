/** The gates of all slots that have one. */
import type { NetworkPolicy, NetworkSlot } from "../slots.ts";
import type { DomainResolverOptions } from "./domain-resolver.ts";
import { Gate } from "./gate.ts";

export class Gates {
  readonly #options: DomainResolverOptions;
  readonly #gates = new Map<number, Gate>();

  constructor(options: DomainResolverOptions) {
    this.#options = options;
  }

  /**
   * Puts a policy in force: the gate listens before the kernel leads anything to it, and judges by the new
   * policy once the kernel does. Throws what opening the ports or `applyRules` throws; then the old policy holds.
   */
  async enforce(slot: NetworkSlot, policy: NetworkPolicy, applyRules: () => Promise<void>): Promise<void> {
    const isNeeded = policy.allowInternet && policy.allowDomains.length > 0;
    const before = this.#gates.get(slot.index);
    const gate = before ?? (isNeeded ? new Gate(slot, this.#options) : null);
    try {
      if (isNeeded) await gate?.listen();
      await applyRules();
    } catch (error) {
      if (before === undefined) gate?.close();
      throw error;
    }
    if (gate === null) return;
    this.#gates.set(slot.index, gate);
    gate.setPolicy(policy);
  }

  close(slot: Pick<NetworkSlot, "index">): void {
    this.#gates.get(slot.index)?.close();
    this.#gates.delete(slot.index);
  }

  closeAll(): void {
    for (const index of this.#gates.keys()) this.close({ index });
  }
}
