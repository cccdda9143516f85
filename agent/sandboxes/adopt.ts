/**
 * Takes over what an earlier agent left: VMs that outlived it go on running, everything else becomes
 * what its journal says, and what no journal speaks for is removed.
 */
import { readdir, rename, rm } from "node:fs/promises";
import { basename, join } from "node:path";

import { isUuid } from "../../proto/ids.ts";
import { describeError } from "../errors.ts";
import { killProcess, waitForEnd } from "../system/process-identity.ts";
import { endStrays } from "../vm/strays.ts";
import { acknowledgeEnded } from "./destroy.ts";
import { initGuest } from "./guest-client.ts";
import type { Host } from "./host.ts";
import { type Journal, readJournal, UnreadableJournal } from "./journal.ts";
import { sweepUnusedFiles } from "./layers-in-use.ts";
import { eachLimited } from "./limit.ts";
import { Sandbox } from "./sandbox.ts";
import { becomePausedWithoutMemory, watchVm } from "./vm-exit.ts";

const AT_ONCE = 16;
const KILL_MS = 10_000;
/** A journal that could not be read is kept under this name; its directory is not touched any more. */
const SET_ASIDE = "journal.unreadable";

const setAside = async (host: Host, sandboxId: string, error: unknown): Promise<void> => {
  host.unreadable.add(sandboxId);
  const path = host.layout.sandboxJournal(sandboxId);
  await rename(path, join(host.layout.sandboxDirectory(sandboxId), SET_ASIDE)).catch(() => undefined);
  host.work.report({
    kind: "journal",
    subject: sandboxId,
    step: "set aside",
    progress: 0,
    error: `${describeError(error)}; its files are kept in ${host.layout.sandboxDirectory(sandboxId)}`,
  });
  host.log.error("journal_unreadable", { sandbox: sandboxId, error: describeError(error) });
};

/** Null: nothing was ever handed out here, or it was set aside. */
const load = async (host: Host, sandboxId: string): Promise<Journal | null> => {
  const directory = host.layout.sandboxDirectory(sandboxId);
  if ((await readdir(directory)).includes(SET_ASIDE)) {
    await setAside(host, sandboxId, new UnreadableJournal("set aside at an earlier start"));
    return null;
  }
  try {
    return await readJournal(host.layout.sandboxJournal(sandboxId), sandboxId);
  } catch (error) {
    await setAside(host, sandboxId, error);
    return null;
  }
};

/** Files of half-made copies and of memory that is used up. */
const removeLeftovers = async (host: Host, journal: Journal): Promise<void> => {
  const directory = host.layout.sandboxDirectory(journal.sandboxId);
  const keep = new Set(["journal.json", "vm", "console.log"]);
  if (journal.state === "paused" && journal.saved !== null) {
    keep.add(basename(journal.saved.diffPath)).add(basename(journal.saved.deviceStatePath));
  }
  for (const name of await readdir(directory)) {
    if (!keep.has(name)) await rm(join(directory, name), { recursive: true, force: true });
  }
};

/** The guest may have been stopped in the middle of an operation: it goes on, with the right time. */
const goOn = async (host: Host, sandbox: Sandbox): Promise<void> => {
  if (sandbox.journal?.state !== "running") return;
  const { vm: record, slotIndex, accessToken } = sandbox.journal;
  const vm = await host.runtime.adopt(record);
  if (vm === null) {
    await becomePausedWithoutMemory(host, sandbox, "vm_died");
    return;
  }
  const slot = await host.slots.adopt(slotIndex);
  await vm.resume();
  sandbox.live = { vm, slot };
  sandbox.accepting = true;
  sandbox.lastActiveMs = Date.now();
  watchVm(host, sandbox, vm);
  host.expiry.arm(sandbox);
  void initGuest(slot.address, { accessToken }, AbortSignal.timeout(host.settings.readyMs)).catch(
    (error: unknown) => {
      host.log.warn("adopted_guest_silent", { sandbox: sandbox.id, error: describeError(error) });
    },
  );
};

const adoptOne = async (host: Host, journal: Journal): Promise<void> => {
  const sandbox = new Sandbox(journal.sandboxId, journal.teamId);
  sandbox.journal = journal;
  host.sandboxes.set(sandbox.id, sandbox);
  await sandbox.exclusively("adopt", async () => {
    await removeLeftovers(host, journal);
    try {
      await goOn(host, sandbox);
    } catch (error) {
      // Alive but out of reach: its memory is lost to us, its disk is not.
      host.log.error("adoption_failed", { sandbox: sandbox.id, error: describeError(error) });
      if (journal.state === "running") {
        killProcess(journal.vm);
        await waitForEnd(journal.vm, KILL_MS);
      }
      await becomePausedWithoutMemory(host, sandbox, "vm_died");
    }
  });
  // An end that was begun is finished; the fact stays until it is acknowledged.
  if (journal.state === "ended" && journal.reason === "deleted") await acknowledgeEnded(host, sandbox);
};

const killStrays = async (host: Host): Promise<void> => {
  const keepPids = new Set<number>();
  for (const { journal } of host.sandboxes.values()) {
    if (journal?.state === "running") keepPids.add(journal.vm.pid);
  }
  const ended = await endStrays({ root: host.layout.root, keepPids });
  if (ended > 0) host.log.warn("stray_vms_ended", { count: ended });
};

/** Throws when the sweep fails: an agent that does not know its machine must not start. */
export const adoptSandboxes = async (host: Host): Promise<void> => {
  const startedMs = performance.now();
  const names = (await readdir(host.layout.sandboxes)).filter(isUuid);
  const journals = await Promise.all(names.map((id) => load(host, id)));
  const known = journals.filter((journal) => journal !== null);
  await eachLimited(known, AT_ONCE, (journal) => adoptOne(host, journal));
  // What a journal that cannot be read stands on is not known: then nothing shared is swept.
  if (host.unreadable.size === 0) {
    await killStrays(host);
    const slots = [...host.sandboxes.values()].flatMap(({ live }) =>
      live === null ? [] : [live.slot.index],
    );
    await host.slots.sweep(new Set(slots));
    await sweepUnusedFiles(host);
  }
  for (const [index, id] of names.entries()) {
    if (journals[index] !== null || host.unreadable.has(id)) continue;
    await rm(host.layout.sandboxDirectory(id), { recursive: true, force: true });
  }
  host.log.info("sandboxes_adopted", {
    running: [...host.sandboxes.values()].filter(({ live }) => live !== null).length,
    known: known.length,
    swept: names.length - known.length - host.unreadable.size,
    unreadable: host.unreadable.size,
    ms: Math.round(performance.now() - startedMs),
  });
};
