/** Ends a VM and gives its slot back, in this order whatever happens. */
import { describeError } from "../errors.ts";
import type { Host } from "./host.ts";
import type { Live } from "./sandbox.ts";

/**
 * Never rejects. A process that does not end, such as one waiting for a stuck disk, still has the slot's tap
 * and uid: the slot stays taken until it is gone, or until the next start of the agent.
 */
export const endVm = async (host: Host, { vm, slot }: Live): Promise<void> => {
  const release = () =>
    host.slots.release(slot).catch((error: unknown) => {
      host.log.error("slot_not_released", { slot: slot.index, error: describeError(error) });
    });
  try {
    await vm.kill();
  } catch (error) {
    host.log.error("vm_not_ended", { pid: vm.record.pid, slot: slot.index, error: describeError(error) });
    void vm.exited.then(release);
    return;
  }
  await release();
};
