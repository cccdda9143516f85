/** Where a machine will run: a network slot, and a process that waits in it, where one does. */
import { describeError } from "../errors.ts";
import { isOpenPolicy } from "../net/policy.ts";
import type { NetworkPolicy, NetworkSlot } from "../net/slots.ts";
import type { Standby, StandbyKind } from "./ahead/kinds.ts";
import { endStandby } from "./ahead/standby.ts";
import type { Host } from "./host.ts";
import { claimSlot } from "./room.ts";

export interface Place {
  slot: NetworkSlot;
  standby: Standby | null;
}

/** Null when none waits, or it has died without anybody knowing. */
const claimStandby = async (
  host: Host,
  kind: StandbyKind,
  policy: NetworkPolicy,
): Promise<Standby | null> => {
  const standby = host.standbys.claim(kind);
  if (standby === null) return null;
  const { vm, slot } = standby.live;
  try {
    if (!isOpenPolicy(policy)) await host.slots.applyPolicy(slot, policy);
    vm.setPriority("normal");
    return standby;
  } catch (error) {
    host.log.warn("standby_not_used", { standby: standby.id, error: describeError(error) });
    await endStandby(host, standby);
    return null;
  }
};

/** A clean slot with the policy in force. Throws `SlotsExhausted`. @param kind null: nothing can wait for it */
export const claimPlace = async (
  host: Host,
  kind: StandbyKind | null,
  policy: NetworkPolicy,
): Promise<Place> => {
  const standby = kind === null ? null : await claimStandby(host, kind, policy);
  return { slot: standby?.live.slot ?? (await claimSlot(host, policy)), standby };
};

/** Of a machine that did not come to run. */
export const leavePlace = async (host: Host, { slot, standby }: Place): Promise<void> =>
  standby === null ? host.slots.release(slot) : endStandby(host, standby);
