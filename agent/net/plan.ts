/** Names, addresses and uids of slots: all follow from the instance, its address range and the index. */
import { GUEST_MAC_ADDRESS } from "../system/guest-network.ts";
import { firstUid } from "../system/instance-ids.ts";
import { type AddressRange, formatAddress } from "./cidr.ts";
import type { NetworkSlot } from "./slots.ts";

/** Two addresses each fill a /21. */
export const MAX_SLOTS = 1024;
export const RANGE_SIZE = 2 * MAX_SLOTS;

export const TAP_NAME = "tap0";
/** The namespace's end of the pair. */
export const UPLINK_NAME = "uplink";

/** Where named network namespaces are mounted. */
export const NAMESPACE_DIRECTORY = "/run/netns";

export const tableName = (instanceId: string): string => `wrenn_${instanceId}`;

/** Start of the name of every host-side interface of the instance. At most 15 characters with the index. */
export const interfacePrefix = (instanceId: string): string => `wrn${instanceId}-`;

export const namespacePrefix = (instanceId: string): string => `wrenn-${instanceId}-`;

/** What `name` continues `prefix` with, when that is a slot's index; else null. */
export const indexAfter = (prefix: string, name: string): number | null => {
  const digits = name.startsWith(prefix) ? name.slice(prefix.length) : "";
  if (!/^(0|[1-9]\d{0,3})$/.test(digits) || Number(digits) >= MAX_SLOTS) return null;
  return Number(digits);
};

export interface SlotPlan extends NetworkSlot {
  /** Host end of the pair. */
  hostInterface: string;
  hostAddress: string;
}

export const planSlot = (instanceId: string, range: AddressRange, index: number): SlotPlan => {
  const uid = firstUid(instanceId) + index;
  return {
    index,
    namespace: `${namespacePrefix(instanceId)}${index}`,
    tapName: TAP_NAME,
    macAddress: GUEST_MAC_ADDRESS,
    address: formatAddress(range.first + 2 * index + 1),
    uid,
    gid: uid,
    hostInterface: `${interfacePrefix(instanceId)}${index}`,
    hostAddress: formatAddress(range.first + 2 * index),
  };
};
