/** The machine's service manager, where there is one. */
import { existsSync } from "node:fs";

import { CommandFailed, run } from "./exec.ts";

const ACT_MS = 120_000;
const ASK_MS = 5_000;

/** sd_booted(3) */
export const hasSystemd = (): boolean => existsSync("/run/systemd/system");

/** Throws `CommandFailed`. */
export const systemctl = async (...args: string[]): Promise<void> => {
  await run(["systemctl", ...args], { timeoutMs: ACT_MS });
};

/** The machine is being shut down or restarted: nothing will be left running. */
export const isMachineStopping = async (): Promise<boolean> => {
  // It fails in every state but `running`, and says which on standard output only.
  const state = await run(["sh", "-c", "systemctl is-system-running || true"], { timeoutMs: ASK_MS }).catch(
    (error: unknown) => {
      if (error instanceof CommandFailed) return "";
      throw error;
    },
  );
  return state.trim() === "stopping";
};
