/** A VM that ends without being asked: its disk stays, its memory is lost. */
import { describeError } from "../errors.ts";
import type { Vm } from "../vm/runtime.ts";
import type { Host } from "./host.ts";
import { type Paused, writeJournal } from "./journal.ts";
import type { Sandbox } from "./sandbox.ts";
import { closeDoor } from "./streams.ts";

/** The sandbox becomes paused without memory, and the server is told. The caller holds the lock. */
export const becomePausedWithoutMemory = async (
  host: Host,
  sandbox: Sandbox,
  reason: string,
): Promise<void> => {
  if (sandbox.journal?.state !== "running") return;
  const { slotIndex: _slot, vm: _vm, ...facts } = sandbox.journal;
  const journal: Paused = {
    ...facts,
    state: "paused",
    reason,
    pausedAt: new Date().toISOString(),
    saved: null,
  };
  const { live } = sandbox;
  sandbox.live = null;
  sandbox.journal = journal;
  closeDoor(sandbox);
  try {
    await writeJournal(host.layout.sandboxJournal(sandbox.id), journal);
  } finally {
    // A full disk must not keep the truth from the server: at the next start the dead process tells the same.
    if (live !== null) await host.slots.release(live.slot);
    await host.changes.add({ sandboxId: sandbox.id, status: "paused", reason, memoryKept: false });
  }
};

/** Follows the VM until it is gone; only the sandbox's present one matters. */
export const watchVm = (host: Host, sandbox: Sandbox, vm: Vm): void => {
  void vm.exited.then(async ({ reason, detail }) => {
    if (sandbox.live?.vm !== vm) return;
    try {
      await sandbox.exclusively("vm_exit", async () => {
        if (sandbox.live?.vm !== vm) return;
        host.log.error("vm_died", { sandbox: sandbox.id, reason, detail });
        await becomePausedWithoutMemory(host, sandbox, reason);
      });
    } catch (error) {
      host.log.error("vm_exit_failed", { sandbox: sandbox.id, error: describeError(error) });
    }
  });
};
