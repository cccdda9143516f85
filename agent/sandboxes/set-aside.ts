/**
 * Sandboxes whose journal cannot be understood: reported and left alone with all they have, until somebody
 * repairs the journal or deletes the sandbox.
 */
import { readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";

import { describeError } from "../errors.ts";
import { endStrays, findVmProcesses } from "../vm/strays.ts";
import type { Host } from "./host.ts";
import { type Journal, readJournal, UnreadableJournal } from "./journal.ts";

/** A journal that could not be understood is kept under this name; its directory is not touched any more. */
export const UNREADABLE_NAME = "journal.unreadable";

const setAside = async (host: Host, sandboxId: string, error: UnreadableJournal): Promise<void> => {
  host.unreadable.add(sandboxId);
  const path = host.layout.sandboxJournal(sandboxId);
  await rename(path, join(host.layout.sandboxDirectory(sandboxId), UNREADABLE_NAME)).catch(() => undefined);
  host.work.report({
    kind: "journal",
    subject: sandboxId,
    step: "set aside",
    progress: 0,
    error: `${describeError(error)}; its files are kept in ${host.layout.sandboxDirectory(sandboxId)}`,
  });
  host.log.error("journal_unreadable", { sandbox: sandboxId, error: describeError(error) });
};

/**
 * Null: nothing was ever handed out here, or it was set aside. Throws when the machine does not let it be
 * read now, which says nothing of the journal.
 */
export const loadJournal = async (host: Host, sandboxId: string): Promise<Journal | null> => {
  try {
    if ((await readdir(host.layout.sandboxDirectory(sandboxId))).includes(UNREADABLE_NAME)) {
      throw new UnreadableJournal("set aside at an earlier start");
    }
    return await readJournal(host.layout.sandboxJournal(sandboxId), sandboxId);
  } catch (error) {
    if (!(error instanceof UnreadableJournal)) throw error;
    await setAside(host, sandboxId, error);
    return null;
  }
};

/** What VMs of sandboxes set aside work in: nobody knows whether they are wanted. */
export const setAsideDirectories = (host: Host): string[] =>
  [...host.unreadable].map((id) => host.layout.sandboxDirectory(id));

export const hasLiveSetAside = (host: Host): boolean =>
  setAsideDirectories(host).some((directory) => findVmProcesses(directory).length > 0);

/** Deletes one on request. What it shared with others is swept at the next start of the agent. */
export const destroySetAside = async (host: Host, sandboxId: string): Promise<void> => {
  const directory = host.layout.sandboxDirectory(sandboxId);
  await endStrays({ root: directory });
  await rm(directory, { recursive: true, force: true });
  host.unreadable.delete(sandboxId);
  host.log.info("set_aside_destroyed", { sandbox: sandboxId });
};
