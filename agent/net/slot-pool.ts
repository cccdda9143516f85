/**
 * The pool of slots: clean ones wait for a claim, used ones are cleaned and wait again. One agent runs
 * per instance, so what is free is known here; what exists at all is read from the machine.
 */
import { run } from "../system/exec.ts";
import { chooseRange, readRoutes } from "./address-range.ts";
import { type AddressRange, toSetElements } from "./cidr.ts";
import { hostRules } from "./host-rules.ts";
import { surroundings, surroundingsUpdate } from "./local-networks.ts";
import { findSlots, isSlotWhole } from "./machine-slots.ts";
import { MAX_SLOTS, planSlot, tableName } from "./plan.ts";
import { checkNetworkRequirements, enableForwarding } from "./requirements.ts";
import { findResolver } from "./resolver.ts";
import { isOpenPolicy, OPEN_POLICY, policyRules } from "./slot-rules.ts";
import { applySlotPolicy, cleanSlot, makeSlot, removeSlot } from "./slot-setup.ts";
import { type NetworkSlot, type SlotPool, SlotsExhausted } from "./slots.ts";

/** Clean slots beyond this many are removed rather than kept. */
const MAX_IDLE = 32;

export interface SlotPoolOptions {
  instanceId: string;
  /** Networks that sandboxes may reach although they are not the internet (WRENN_EGRESS_ALLOW). */
  egressAllow: string[];
  /** Made ahead. @default {4} */
  spareSlots?: number;
  /** @default {MAX_SLOTS} */
  maxSlots?: number;
  /** Told of work in the background that failed; it is tried again with the next claim. */
  onBackgroundError: (error: unknown) => void;
}

/** A VM's slot is no longer on the machine: the VM has no network and must be ended. */
export class SlotMissing extends Error {
  override name = "SlotMissing";
}

export class HostSlotPool implements SlotPool {
  readonly #options: Required<SlotPoolOptions>;
  readonly #range: AddressRange;
  readonly #routeLoopback: boolean;
  /** Indexes that are claimed, adopted, being made, or left by an earlier run. */
  readonly #taken: Set<number>;
  readonly #idle: NetworkSlot[] = [];
  #surroundings: string;
  #refilling: Promise<void> = Promise.resolve();
  #closed = false;

  private constructor(
    options: Required<SlotPoolOptions>,
    state: { range: AddressRange; routeLoopback: boolean; taken: Set<number>; surroundings: string },
  ) {
    this.#options = options;
    this.#range = state.range;
    this.#routeLoopback = state.routeLoopback;
    this.#taken = state.taken;
    this.#surroundings = state.surroundings;
  }

  /** Puts the host's rules in force. Throws `NetworkUnavailable`, `NoAddressRange`, `BadCidr`. */
  static async open(options: SlotPoolOptions): Promise<HostSlotPool> {
    const { instanceId, egressAllow } = options;
    await checkNetworkRequirements();
    await enableForwarding();
    const [routes, resolver, taken] = await Promise.all([
      readRoutes(),
      findResolver(),
      findSlots(instanceId),
    ]);
    const range = chooseRange(instanceId, routes);
    const local = surroundings();
    const rules = hostRules({ instanceId, range, egressAllow, surroundings: local, resolver });
    await run(["nft", "-f", "-"], { input: rules });
    return new HostSlotPool(
      { spareSlots: 4, maxSlots: MAX_SLOTS, ...options },
      {
        range,
        routeLoopback: resolver?.startsWith("127.") ?? false,
        taken,
        surroundings: toSetElements(local),
      },
    );
  }

  async claim(policy: Parameters<SlotPool["claim"]>[0]): Promise<NetworkSlot> {
    // a bad policy is refused before anything is taken
    policyRules(policy);
    await this.#followSurroundings();
    const slot = this.#idle.shift() ?? (await this.#make());
    this.#taken.add(slot.index);
    try {
      if (!isOpenPolicy(policy)) await applySlotPolicy(slot.namespace, policy);
    } catch (error) {
      await this.#discard(slot);
      throw error;
    }
    this.#refill();
    return slot;
  }

  async adopt(index: number): Promise<NetworkSlot> {
    const { instanceId } = this.#options;
    if (!(await isSlotWhole(instanceId, index))) {
      throw new SlotMissing(`slot ${index} of instance ${instanceId} is not on this machine any more`);
    }
    this.#taken.add(index);
    return this.#plan(index);
  }

  async applyPolicy(slot: NetworkSlot, policy: Parameters<SlotPool["applyPolicy"]>[1]): Promise<void> {
    await applySlotPolicy(slot.namespace, policy);
  }

  async release(slot: NetworkSlot): Promise<void> {
    if (this.#closed || this.#idle.length >= MAX_IDLE) {
      await this.#discard(slot);
      return;
    }
    try {
      await cleanSlot(this.#plan(slot.index));
      await applySlotPolicy(slot.namespace, OPEN_POLICY);
    } catch (error) {
      this.#options.onBackgroundError(error);
      await this.#discard(slot);
      return;
    }
    this.#idle.push(slot);
  }

  async sweep(keep: ReadonlySet<number>): Promise<void> {
    const idle = new Set(this.#idle.map(({ index }) => index));
    for (const index of await findSlots(this.#options.instanceId)) {
      if (keep.has(index) || idle.has(index)) continue;
      await removeSlot(this.#plan(index));
      this.#taken.delete(index);
    }
    this.#refill();
  }

  async destroy(): Promise<void> {
    this.#closed = true;
    await this.#refilling;
    this.#idle.length = 0;
    const { instanceId } = this.#options;
    for (const index of await findSlots(instanceId)) await removeSlot(this.#plan(index));
    this.#taken.clear();
    const table = tableName(instanceId);
    await run(["nft", "-f", "-"], { input: `table inet ${table}\ndelete table inet ${table}\n` });
  }

  /** Resolves when the background work begun so far is done. */
  async settled(): Promise<void> {
    await this.#refilling;
  }

  #plan(index: number) {
    return planSlot(this.#options.instanceId, this.#range, index);
  }

  /** Throws `SlotsExhausted`, `CommandFailed`. */
  async #make(): Promise<NetworkSlot> {
    const { maxSlots } = this.#options;
    const idle = new Set(this.#idle.map(({ index }) => index));
    let index = 0;
    while (this.#taken.has(index) || idle.has(index)) index += 1;
    if (index >= maxSlots) {
      throw new SlotsExhausted(
        `all ${maxSlots} network slots of this host are in use: pause or delete sandboxes`,
      );
    }
    this.#taken.add(index);
    const { hostInterface: _interface, hostAddress: _address, ...slot } = this.#plan(index);
    try {
      await makeSlot(this.#plan(index), { routeLoopback: this.#routeLoopback });
    } catch (error) {
      this.#taken.delete(index);
      throw error;
    }
    return slot;
  }

  async #discard(slot: NetworkSlot): Promise<void> {
    await removeSlot(this.#plan(slot.index));
    this.#taken.delete(slot.index);
  }

  /** One at a time, behind what is under way: claims have the processor first. */
  #refill(): void {
    this.#refilling = this.#refilling.then(async () => {
      while (!this.#closed && this.#idle.length < this.#options.spareSlots) {
        if (this.#taken.size + this.#idle.length >= this.#options.maxSlots) return;
        try {
          const slot = await this.#make();
          this.#idle.push(slot);
          this.#taken.delete(slot.index);
        } catch (error) {
          this.#options.onBackgroundError(error);
          return;
        }
      }
    });
  }

  /** The host may have joined another network since: a sandbox must not reach that one either. */
  async #followSurroundings(): Promise<void> {
    const now = toSetElements(surroundings());
    if (now === this.#surroundings) return;
    await run(["nft", "-f", "-"], { input: surroundingsUpdate(this.#options.instanceId, now) });
    this.#surroundings = now;
  }
}
