/** `clear`: ends all sandboxes of a directory and removes what they had on this machine, before its files go. */
import { loadConfig } from "../config.ts";
import { existingLayout } from "../images/layout.ts";
import { releaseMachine } from "../sandboxes/release-machine.ts";
import { lockDirectory } from "./lock.ts";

/** Throws `Locked` while an agent runs. The files stay: whoever asked removes them. */
export const clearMachine = async (flags: Record<string, string>): Promise<void> => {
  const { directory, egressAllow } = await loadConfig(flags);
  const layout = await existingLayout(directory);
  const lock = lockDirectory(layout);
  try {
    const onError = (error: unknown) => void process.stderr.write(`${String(error)}\n`);
    const ended = await releaseMachine(layout, { egressAllow, onError });
    process.stdout.write(`${ended} running sandboxes ended; networks and devices removed\n`);
  } finally {
    lock.unlock();
  }
};
