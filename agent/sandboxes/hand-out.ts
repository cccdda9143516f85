/** The two steps in which a VM becomes its sandbox's: first the sandbox has it, then others may use it. */
import type { Host } from "./host.ts";
import { type Running, writeJournal } from "./journal.ts";
import type { Live, Sandbox } from "./sandbox.ts";
import { watchVm } from "./vm-exit.ts";

/** Makes the VM the sandbox's own, on disk first. From here on memory it was restored from is used up. */
export const takeVm = async (host: Host, sandbox: Sandbox, journal: Running, live: Live): Promise<void> => {
  await writeJournal(host.layout.sandboxJournal(sandbox.id), journal);
  sandbox.journal = journal;
  sandbox.plannedLayers = [];
  sandbox.plannedTemplate = null;
  sandbox.live = live;
  watchVm(host, sandbox, live.vm);
};

/** Requests are forwarded into it from now on, and its time runs. */
export const handOut = (host: Host, sandbox: Sandbox): void => {
  sandbox.accepting = true;
  sandbox.lastActiveMs = Date.now();
  host.expiry.arm(sandbox);
};
