/** What happens when a sandbox's time is over, decided again under its lock. */
import { AgentError, describeError } from "../errors.ts";
import { endSandbox } from "./destroy.ts";
import { expiresAtMs } from "./expiry.ts";
import type { Host } from "./host.ts";
import { pauseLocked } from "./pause.ts";
import type { Sandbox } from "./sandbox.ts";

/** Rejects when it could not be done: the sandbox runs on and it is tried again. */
export const expireSandbox = async (host: Host, sandbox: Sandbox): Promise<void> => {
  const isDue = () => {
    const atMs = expiresAtMs(sandbox);
    return atMs !== null && atMs <= Date.now();
  };
  try {
    if (sandbox.journal?.state === "running" && sandbox.journal.timeout.action === "kill") {
      await endSandbox(host, sandbox, "timeout", isDue);
      return;
    }
    await sandbox.exclusively("expire", async () => {
      if (!isDue()) return;
      const { journal } = sandbox;
      const keepMemory = !(journal?.state === "running" && journal.timeout.dropMemory);
      await pauseLocked(host, sandbox, { keepMemory, reason: "timeout" });
      await host.changes.add({
        sandboxId: sandbox.id,
        status: "paused",
        reason: "timeout",
        memoryKept: keepMemory,
      });
    });
  } catch (error) {
    const gone = error instanceof AgentError && error.code === "sandbox_not_found";
    if (gone) return;
    host.log.error("expiry_failed", { sandbox: sandbox.id, error: describeError(error) });
    throw error;
  }
};
