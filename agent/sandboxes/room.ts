/** What one more sandbox needs of its host: what is made ahead makes way for real ones. */
import { AgentError } from "../errors.ts";
import { type NetworkPolicy, type NetworkSlot, SlotsExhausted } from "../net/slots.ts";
import { giveWay } from "./ahead/ahead.ts";
import type { Host } from "./host.ts";

/** Tries once more without what was made ahead, where that may be in the way. */
const beforeAhead = async <T>(
  host: Host,
  isFull: (error: unknown) => boolean,
  attempt: () => Promise<T>,
): Promise<T> => {
  try {
    return await attempt();
  } catch (error) {
    if (!isFull(error) || !(await giveWay(host))) throw error;
    return attempt();
  }
};

const isMemoryFull = (error: unknown): boolean => error instanceof AgentError && error.code === "memory_full";

/** Throws `memory_full` or `disk_full`; release the promise when the VM runs or has failed. */
export const reserveRoom = (
  host: Host,
  wanted: { memoryMb: number; diskSizeMb: number },
): Promise<Disposable> => beforeAhead(host, isMemoryFull, () => host.admission.reserve(wanted));

/** A clean slot with the policy in force. Throws `SlotsExhausted`. */
export const claimSlot = (host: Host, policy: NetworkPolicy): Promise<NetworkSlot> =>
  beforeAhead(
    host,
    (error) => error instanceof SlotsExhausted,
    () => host.slots.claim(policy),
  );
