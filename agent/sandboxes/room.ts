/** What one more sandbox needs of its host: spares make way for real ones. */
import { AgentError } from "../errors.ts";
import { type NetworkPolicy, type NetworkSlot, SlotsExhausted } from "../net/slots.ts";
import type { Host } from "./host.ts";

/** Tries once more without spares where these may be in the way. */
const beforeSpares = async <T>(
  host: Host,
  isFull: (error: unknown) => boolean,
  attempt: () => Promise<T>,
): Promise<T> => {
  try {
    return await attempt();
  } catch (error) {
    if (!isFull(error) || !(await host.spares.giveWay())) throw error;
    return attempt();
  }
};

const isMemoryFull = (error: unknown): boolean => error instanceof AgentError && error.code === "memory_full";

/** Throws `memory_full` or `disk_full`; release the promise when the VM runs or has failed. */
export const reserveRoom = (
  host: Host,
  wanted: { memoryMb: number; diskSizeMb: number },
): Promise<Disposable> => beforeSpares(host, isMemoryFull, () => host.admission.reserve(wanted));

/** A clean slot with the policy in force. Throws `SlotsExhausted`. */
export const claimSlot = (host: Host, policy: NetworkPolicy): Promise<NetworkSlot> =>
  beforeSpares(
    host,
    (error) => error instanceof SlotsExhausted,
    () => host.slots.claim(policy),
  );
