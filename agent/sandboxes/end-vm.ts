/** Ends a VM and gives its slot back, in this order whatever happens. */
import { describeError } from "../errors.ts";
import type { Host } from "./host.ts";
import type { Live } from "./sandbox.ts";

/** The process is gone when this resolves, to what gives its slot back. Neither ever rejects. */
const endProcess = async (host: Host, { vm, slot }: Live): Promise<() => Promise<void>> => {
  const release = () =>
    host.slots.release(slot).catch((error: unknown) => {
      host.log.error("slot_not_released", { slot: slot.index, error: describeError(error) });
    });
  try {
    await vm.kill();
    return release;
  } catch (error) {
    // Such as one waiting for a stuck disk: it still has the slot's tap and uid.
    host.log.error("vm_not_ended", { pid: vm.record.pid, slot: slot.index, error: describeError(error) });
    void vm.exited.then(release);
    return () => Promise.resolve();
  }
};

/**
 * Never rejects. The slot of a process that does not end stays taken until it is gone, or until the next start of
 * the agent.
 */
export const endVm = async (host: Host, live: Live): Promise<void> => {
  const release = await endProcess(host, live);
  await release();
};

/** The same, but the slot is cleaned behind it: nothing of the sandbox is in it any more. */
export const endVmBeforeSlot = async (host: Host, live: Live): Promise<void> => {
  const release = await endProcess(host, live);
  void release();
};
