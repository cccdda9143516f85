/** The end of a sandbox. Legal in every state, and it always ends: what is missing already is fine. */
import { rm } from "node:fs/promises";

import { describeError } from "../errors.ts";
import { killProcess, waitForEnd } from "../system/process-identity.ts";
import { endVm } from "./end-vm.ts";
import type { Host } from "./host.ts";
import { type Ended, writeJournal } from "./journal.ts";
import { removeUnusedLayers } from "./layers-in-use.ts";
import type { Sandbox } from "./sandbox.ts";
import { closeDoor } from "./streams.ts";

const KILL_MS = 10_000;

/** Each step is tried whatever became of the others; the next start of the agent sweeps what is left. */
const attempt = async (host: Host, sandbox: Sandbox, step: string, work: () => Promise<void>) => {
  try {
    await work();
  } catch (error) {
    host.log.error("destroy_step_failed", { sandbox: sandbox.id, step, error: describeError(error) });
  }
};

const endedFrom = (sandbox: Sandbox, reason: string): Ended | null => {
  const { journal } = sandbox;
  if (journal === null || journal.state === "ended") return journal;
  const { sandboxId, teamId, template, layers } = journal;
  const vm = journal.state === "running" ? journal.vm : null;
  return { state: "ended", sandboxId, teamId, template, reason, at: new Date().toISOString(), layers, vm };
};

/**
 * Frees all it has. `remember` keeps the fact until the server has recorded it: for ends the agent
 * decided on. The caller holds the lock.
 */
const destroyLocked = async (
  host: Host,
  sandbox: Sandbox,
  reason: string,
  remember: boolean,
): Promise<void> => {
  const ended = endedFrom(sandbox, reason);
  const path = host.layout.sandboxJournal(sandbox.id);
  if (ended !== null) await attempt(host, sandbox, "journal", () => writeJournal(path, ended));
  sandbox.journal = ended;
  const { live } = sandbox;
  sandbox.live = null;
  if (live !== null) await endVm(host, live);
  else if (ended !== null && ended.vm !== null) {
    // One that an agent ended in the middle of this, or one it could not take over.
    killProcess(ended.vm);
    await waitForEnd(ended.vm, KILL_MS);
  }
  if (ended !== null) {
    await attempt(host, sandbox, "layers", () => removeUnusedLayers(host, ended.layers));
  }
  const directory = host.layout.sandboxDirectory(sandbox.id);
  if (remember && ended !== null) {
    sandbox.journal = { ...ended, layers: [], vm: null };
    await attempt(host, sandbox, "files", async () => {
      await rm(host.layout.sandboxVmDirectory(sandbox.id), { recursive: true, force: true });
      await writeJournal(path, { ...ended, layers: [], vm: null });
    });
    return;
  }
  host.sandboxes.delete(sandbox.id);
  await attempt(host, sandbox, "files", () => rm(directory, { recursive: true, force: true }));
};

/** On request: nothing of it is known afterwards. */
export const destroySandbox = async (host: Host, sandbox: Sandbox, reason: string): Promise<void> => {
  sandbox.doomed.abort();
  closeDoor(sandbox);
  await sandbox.exclusively("destroy", async () => {
    // Another destroy, or the failure of what made it, was first; the id may be another's by now.
    if (host.sandboxes.get(sandbox.id) !== sandbox) return;
    await destroyLocked(host, sandbox, reason, false);
  });
  await host.changes.forget(sandbox.id);
  host.log.info("sandbox_destroyed", { sandbox: sandbox.id, reason });
};

/** By the agent itself: remembered as ended, and told to the server. `isDue` decides under the lock. */
export const endSandbox = async (
  host: Host,
  sandbox: Sandbox,
  reason: string,
  isDue: () => boolean,
): Promise<void> => {
  await sandbox.exclusively("end", async () => {
    if (!isDue()) return;
    closeDoor(sandbox);
    await destroyLocked(host, sandbox, reason, true);
    await host.changes.add({ sandboxId: sandbox.id, status: "ended", reason, memoryKept: false });
    host.log.info("sandbox_ended", { sandbox: sandbox.id, reason });
  });
};

/** The server has recorded the end: forget it. Anything not ended is left alone. */
export const acknowledgeEnded = async (host: Host, sandbox: Sandbox): Promise<void> => {
  await sandbox.exclusively("acknowledge", async () => {
    if (sandbox.journal?.state !== "ended" || host.sandboxes.get(sandbox.id) !== sandbox) return;
    await destroyLocked(host, sandbox, sandbox.journal.reason, false);
  });
};
