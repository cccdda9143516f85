/**
 * A slot is one sandbox's way to the network: a namespace with a tap for the VM and a veth to the
 * host, and an unprivileged uid that belongs to it. Slots are made ahead, claimed, cleaned, reused.
 */
import { GUEST_PORT } from "../../proto/guest-port.ts";

/** Egress rules of one sandbox. The host, its LAN, other sandboxes and metadata are always refused. */
export interface NetworkPolicy {
  allowInternet: boolean;
  allowCidrs: string[];
  denyCidrs: string[];
  /** When there are any, these over HTTP and TLS and `allowCidrs` are all that is reached. */
  allowDomains: string[];
}

export const OPEN_POLICY: NetworkPolicy = {
  allowInternet: true,
  allowCidrs: [],
  denyCidrs: [],
  allowDomains: [],
};

export interface NetworkSlot {
  index: number;
  namespace: string;
  tapName: string;
  macAddress: string;
  /** Where the host reaches the guest: every port of this address is the guest's. */
  address: string;
  uid: number;
  gid: number;
}

/** `a.b.c.d:port` of the guest agent behind the slot. */
export const guestPeer = ({ address }: NetworkSlot): string => `${address}:${GUEST_PORT}`;

export interface SlotPool {
  /** A clean slot with the policy in force. Throws `SlotsExhausted` when none can be made. */
  claim(policy: NetworkPolicy): Promise<NetworkSlot>;
  /** The slot of a VM that outlived the agent, with the policy in force. */
  adopt(index: number, policy: NetworkPolicy): Promise<NetworkSlot>;
  applyPolicy(slot: NetworkSlot, policy: NetworkPolicy): Promise<void>;
  /** Cleans the slot and keeps it for the next claim. */
  release(slot: NetworkSlot): Promise<void>;
  /** Remove everything of this instance whose slot is not in `keep`. */
  sweep(keep: ReadonlySet<number>): Promise<void>;
  /** The agent stops: idle slots go, and the rules with the last one; those of running VMs stay. */
  close(): Promise<void>;
  /** Remove all: the agent leaves this machine. */
  destroy(): Promise<void>;
}

export class SlotsExhausted extends Error {
  override name = "SlotsExhausted";
}
