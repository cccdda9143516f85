/** `clear`: ends all sandboxes of a directory and removes what they had on this machine, before its files go. */
import { loadConfig } from "../config.ts";
import { openLayout } from "../images/layout.ts";
import { detachUnder } from "../images/loop-device.ts";
import { HostSlotPool } from "../net/slot-pool.ts";
import { lockFile } from "../system/flock.ts";
import { endStrays } from "../vm/strays.ts";

/** Throws `Locked` while an agent runs. The files stay: whoever asked removes them. */
export const clearMachine = async (flags: Record<string, string>): Promise<void> => {
  const { directory, egressAllow } = await loadConfig(flags);
  const layout = await openLayout(directory);
  const lock = lockFile(layout.lockFile);
  try {
    const ended = await endStrays({ root: layout.root, keepPids: new Set() });
    const slots = await HostSlotPool.open({
      instanceId: layout.instanceId,
      egressAllow,
      spareSlots: 0,
      onBackgroundError: (error) => process.stderr.write(`${String(error)}\n`),
    });
    await slots.destroy();
    await detachUnder(layout.root);
    process.stdout.write(`${ended} running sandboxes ended; networks and devices removed\n`);
  } finally {
    lock.unlock();
  }
};
