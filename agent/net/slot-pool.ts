/**
 * The pool of slots: clean ones wait for a claim, used ones are cleaned and wait again. One agent runs
 * per instance, so what is free is known here; what exists at all is read from the machine.
 */
import { endOwnConnections } from "../system/own-connections.ts";
import { chooseRange, readRoutes } from "./address-range.ts";
import type { AddressRange } from "./cidr.ts";
import { Gates } from "./egress/gates.ts";
import { HostFirewall } from "./host-firewall.ts";
import { findSlots, isSlotWhole } from "./machine-slots.ts";
import { MAX_SLOTS, planSlot } from "./plan.ts";
import { isOpenPolicy } from "./policy.ts";
import { checkNetworkRequirements, enableForwarding } from "./requirements.ts";
import { policyRules } from "./slot-rules.ts";
import { applySlotPolicy, cleanSlot, makeSlot, removeSlots, setUpSlotRules } from "./slot-setup.ts";
import {
  guestPeer,
  type NetworkPolicy,
  type NetworkSlot,
  OPEN_POLICY,
  type SlotPool,
  SlotsExhausted,
} from "./slots.ts";

const SPARE_SLOTS = 4;
/** How often the host is asked whether it has joined another network. */
const WATCH_MS = 5_000;
/** How many of these pass between looks at other firewalls, which takes a program. */
const WATCHES_PER_ADMISSION = 12;
/** Clean slots beyond this many are removed rather than kept. */
const MAX_IDLE = 32;

export interface SlotPoolOptions {
  instanceId: string;
  /** Networks that sandboxes may reach although they are not the internet (WRENN_EGRESS_ALLOW). */
  egressAllow: string[];
  /** Made ahead. @default {SPARE_SLOTS} */
  spareSlots?: number;
  /** @default {MAX_SLOTS} */
  maxSlots?: number;
  /** A DNS server for sandboxes. @default the one this host asks */
  resolver?: string | undefined;
  /** Told of work in the background that failed; it is tried again with the next claim. */
  onBackgroundError: (error: unknown) => void;
}

/** A VM's slot is no longer on the machine: the VM has no network and must be ended. */
export class SlotMissing extends Error {
  override name = "SlotMissing";
}

export class HostSlotPool implements SlotPool {
  readonly #options: SlotPoolOptions & { spareSlots: number; maxSlots: number };
  readonly #range: AddressRange;
  readonly #firewall: HostFirewall;
  readonly #gates: Gates;
  /** Indexes of all slots there are: claimed, idle, being made, or left by an earlier run. */
  readonly #present: Set<number>;
  readonly #idle: NetworkSlot[] = [];
  #refilling: Promise<void> = Promise.resolve();
  readonly #releasing = new Set<Promise<void>>();
  #closed = false;
  readonly #watch: NodeJS.Timeout;

  private constructor(
    options: SlotPoolOptions & { spareSlots: number; maxSlots: number },
    state: { range: AddressRange; firewall: HostFirewall; present: Set<number> },
  ) {
    this.#options = options;
    this.#range = state.range;
    const { firewall } = state;
    this.#firewall = firewall;
    this.#gates = new Gates({
      server: () => firewall.resolver,
      isReachable: (address) => firewall.isReachable(address),
    });
    this.#present = state.present;
    let watches = 0;
    this.#watch = setInterval(() => {
      watches += 1;
      const isAdmissionDue = watches % WATCHES_PER_ADMISSION === 0;
      const work = isAdmissionDue ? this.#firewall.admit() : this.#firewall.follow();
      work.catch(options.onBackgroundError);
    }, WATCH_MS).unref();
  }

  /** Puts the host's rules in force. Throws `NetworkUnavailable`, `NoAddressRange`, `BadCidr`. */
  static async open(options: SlotPoolOptions): Promise<HostSlotPool> {
    const { instanceId, egressAllow, resolver, spareSlots = SPARE_SLOTS, maxSlots = MAX_SLOTS } = options;
    await checkNetworkRequirements();
    await enableForwarding();
    const range = chooseRange(instanceId, await readRoutes());
    const firewall = new HostFirewall({ instanceId, range, egressAllow, resolver });
    await firewall.follow();
    await firewall.admit();
    const present = await findSlots(instanceId);
    return new HostSlotPool({ ...options, spareSlots, maxSlots }, { range, firewall, present });
  }

  async claim(policy: NetworkPolicy): Promise<NetworkSlot> {
    // a bad policy is refused before anything is taken
    policyRules(policy);
    await this.#firewall.follow();
    const slot = this.#idle.shift() ?? (await this.#makeOrAwait());
    try {
      if (!isOpenPolicy(policy)) await this.applyPolicy(slot, policy);
    } catch (error) {
      await this.#discard(slot);
      throw error;
    }
    this.#refill();
    return slot;
  }

  async adopt(index: number, policy: NetworkPolicy): Promise<NetworkSlot> {
    const { instanceId } = this.#options;
    if (!(await isSlotWhole(instanceId, index))) {
      throw new SlotMissing(`slot ${index} of instance ${instanceId} is not on this machine any more`);
    }
    this.#present.add(index);
    const slot = this.#plan(index);
    await this.#gates.enforce(slot, policy, () => setUpSlotRules(slot, policy));
    return slot;
  }

  async applyPolicy(slot: NetworkSlot, policy: NetworkPolicy): Promise<void> {
    await this.#gates.enforce(slot, policy, () => applySlotPolicy(slot.namespace, policy));
  }

  async release(slot: NetworkSlot): Promise<void> {
    const work = this.#release(slot);
    this.#releasing.add(work);
    try {
      await work;
    } finally {
      this.#releasing.delete(work);
    }
  }

  async #release(slot: NetworkSlot): Promise<void> {
    this.#gates.close(slot);
    this.#endConnections(slot);
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
    const found = await findSlots(this.#options.instanceId);
    const leftovers = [...found].filter((index) => !keep.has(index) && !idle.has(index));
    await removeSlots(leftovers.map((index) => this.#plan(index)));
    for (const index of leftovers) this.#present.delete(index);
    this.#refill();
  }

  async close(): Promise<void> {
    await this.#stop();
    const idle = this.#idle.splice(0);
    await removeSlots(idle.map(({ index }) => this.#plan(index)));
    for (const { index } of idle) this.#present.delete(index);
    if (this.#present.size === 0) await this.#firewall.remove();
  }

  async destroy(): Promise<void> {
    await this.#stop();
    this.#idle.length = 0;
    const found = await findSlots(this.#options.instanceId);
    await removeSlots([...found].map((index) => this.#plan(index)));
    this.#present.clear();
    await this.#firewall.remove();
  }

  /** Resolves when the background work begun so far is done. */
  async settled(): Promise<void> {
    await this.#refilling;
  }

  async #stop(): Promise<void> {
    this.#closed = true;
    this.#gates.closeAll();
    clearInterval(this.#watch);
    await Promise.allSettled([this.#refilling, ...this.#releasing]);
  }

  /** Those kept for later requests would meet the slot's next guest, which has never heard of them. */
  #endConnections(slot: NetworkSlot): void {
    try {
      endOwnConnections(guestPeer(slot));
    } catch (error) {
      // Without a descriptor to spare. That guest breaks them off at the first word, and a slot must not be lost.
      this.#options.onBackgroundError(error);
    }
  }

  #plan(index: number) {
    return planSlot(this.#options.instanceId, this.#range, index);
  }

  /** Throws `SlotsExhausted`, `CommandFailed`. */
  async #make(): Promise<NetworkSlot> {
    const { maxSlots } = this.#options;
    let index = 0;
    while (this.#present.has(index)) index += 1;
    if (index >= maxSlots) {
      throw new SlotsExhausted(
        `all ${maxSlots} network slots of this host are in use: pause or delete sandboxes`,
      );
    }
    this.#present.add(index);
    const { hostInterface: _interface, hostAddress: _address, ...slot } = this.#plan(index);
    try {
      await makeSlot(this.#plan(index), { routeLoopback: this.#firewall.isResolverLocal });
    } catch (error) {
      this.#present.delete(index);
      throw error;
    }
    return slot;
  }

  /** The last slots may be just being made in the background: then they are waited for. */
  async #makeOrAwait(): Promise<NetworkSlot> {
    try {
      return await this.#make();
    } catch (error) {
      if (!(error instanceof SlotsExhausted)) throw error;
      await this.#refilling;
      const slot = this.#idle.shift();
      if (slot === undefined) throw error;
      return slot;
    }
  }

  async #discard(slot: NetworkSlot): Promise<void> {
    this.#gates.close(slot);
    await removeSlots([this.#plan(slot.index)]);
    this.#present.delete(slot.index);
  }

  /** One at a time, behind what is under way: claims have the processor first. */
  #refill(): void {
    this.#refilling = this.#refilling.then(async () => {
      while (!this.#closed && this.#idle.length < this.#options.spareSlots) {
        if (this.#present.size >= this.#options.maxSlots) return;
        try {
          this.#idle.push(await this.#make());
        } catch (error) {
          this.#options.onBackgroundError(error);
          return;
        }
      }
    });
  }
}
