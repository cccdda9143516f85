/** Room for one more sandbox: spares make way for real ones. */
import { AgentError } from "../errors.ts";
import type { Host } from "./host.ts";

/** Throws `memory_full` or `disk_full`; release the promise when the VM runs or has failed. */
export const reserveRoom = async (
  host: Host,
  wanted: { memoryMb: number; diskSizeMb: number },
): Promise<Disposable> => {
  try {
    return await host.admission.reserve(wanted);
  } catch (error) {
    const isFull = error instanceof AgentError && error.code === "memory_full";
    if (!isFull || !(await host.spares.giveWay())) throw error;
    return host.admission.reserve(wanted);
  }
};
