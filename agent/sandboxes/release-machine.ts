/** Takes back everything a directory's sandboxes have of this machine besides files, whoever left it. */
import type { Layout } from "../images/layout.ts";
import { detachUnder } from "../images/loop-device.ts";
import { HostSlotPool } from "../net/slot-pool.ts";
import { endStrays } from "../vm/strays.ts";

/** The caller holds the directory's lock. Returns how many VMs were ended. */
export const releaseMachine = async (
  layout: Layout,
  options: { egressAllow: string[]; onError: (error: unknown) => void },
): Promise<number> => {
  const ended = await endStrays({ root: layout.root, keepPids: new Set() });
  const slots = await HostSlotPool.open({
    instanceId: layout.instanceId,
    egressAllow: options.egressAllow,
    spareSlots: 0,
    onBackgroundError: options.onError,
  });
  await slots.destroy();
  await detachUnder(layout.root);
  return ended;
};
