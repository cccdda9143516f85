/**
 * Takes over what an earlier agent left: VMs that outlived it go on running, everything else becomes
 * what its journal says, and what no journal speaks for is removed.
 */
import { readdir, rm } from "node:fs/promises";
import { basename, join } from "node:path";

import { isUuid } from "../../proto/ids.ts";
import { eachLimited } from "../../proto/limit.ts";
import { describeError } from "../errors.ts";
import { killProcess, waitForEnd } from "../system/process-identity.ts";
import { endStrays } from "../vm/strays.ts";
import { acknowledgeEnded } from "./destroy.ts";
import { initGuest } from "./guest-client.ts";
import { handOut } from "./hand-out.ts";
import type { Host } from "./host.ts";
import type { Journal } from "./journal.ts";
import { sweepUnusedFiles } from "./layers-in-use.ts";
import { Sandbox } from "./sandbox.ts";
import { hasLiveSetAside, loadJournal, setAsideDirectories } from "./set-aside.ts";
import { becomePausedWithoutMemory, watchVm } from "./vm-exit.ts";

const AT_ONCE = 16;
const KILL_MS = 10_000;

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
  const { vm: record, slotIndex, accessToken, network } = sandbox.journal;
  const vm = await host.runtime.adopt(record);
  if (vm === null) {
    await becomePausedWithoutMemory(host, sandbox, "vm_died");
    return;
  }
  const slot = await host.slots.adopt(slotIndex, network);
  await vm.resume();
  sandbox.live = { vm, slot };
  watchVm(host, sandbox, vm);
  handOut(host, sandbox);
  const dead = new AbortController();
  void vm.exited.then(() => dead.abort());
  const late = AbortSignal.timeout(host.settings.readyMs);
  const deadline = AbortSignal.any([sandbox.doomed.signal, dead.signal, late]);
  // Nobody waits for it here, but every operation does: after one that ends in another's hands with the
  // slot, it would initialise that one's guest. So does every request: the first one
  // after it finds all streams cut.
  sandbox.aftermath = initGuest(slot.address, { accessToken }, deadline).catch((error: unknown) => {
    host.log.warn("adopted_guest_silent", { sandbox: sandbox.id, error: describeError(error) });
  });
};

const adoptOne = async (host: Host, journal: Journal): Promise<void> => {
  const sandbox = new Sandbox(journal.sandboxId, journal.teamId);
  sandbox.journal = journal;
  host.sandboxes.set(sandbox.id, sandbox);
  await sandbox.exclusively("adopt", async () => {
    await removeLeftovers(host, journal).catch((error: unknown) => {
      host.log.warn("leftovers_not_removed", { sandbox: sandbox.id, error: describeError(error) });
    });
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

/** A running journal without its VM in our hands: it would run on with nobody to stop it. */
const requireAllAdopted = (host: Host, results: PromiseSettledResult<void>[]): void => {
  for (const result of results) {
    if (result.status === "rejected") {
      host.log.error("adoption_failed", { error: describeError(result.reason) });
    }
  }
  const lost = [...host.sandboxes.values()].filter(
    ({ journal, live }) => journal?.state === "running" && live === null,
  );
  const [first] = lost;
  if (first === undefined) return;
  throw new Error(`${lost.length} running sandboxes could not be taken over, such as ${first.id}`);
};

const killStrays = async (host: Host): Promise<void> => {
  const keepPids = new Set<number>();
  for (const { journal } of host.sandboxes.values()) {
    if (journal?.state === "running") keepPids.add(journal.vm.pid);
  }
  const keepUnder = setAsideDirectories(host);
  const ended = await endStrays({ root: host.layout.root, keepPids, keepUnder });
  if (ended > 0) host.log.warn("stray_vms_ended", { count: ended });
};

const sweep = async (host: Host): Promise<void> => {
  await killStrays(host);
  if (!hasLiveSetAside(host)) {
    const live = [...host.sandboxes.values()].flatMap((sandbox) => sandbox.live ?? []);
    await host.slots.sweep(new Set(live.map(({ slot }) => slot.index)));
  }
  // What a journal that cannot be understood stands on is not known.
  if (host.unreadable.size === 0) await sweepUnusedFiles(host);
};

const loadAll = async (host: Host, ids: string[]): Promise<(Journal | null)[]> => {
  const loaded = await eachLimited(ids, AT_ONCE, (id) => loadJournal(host, id));
  return loaded.map((result) => {
    if (result.status === "rejected") throw result.reason;
    return result.value;
  });
};

/**
 * Nothing expires before this has resolved. Throws when a journal cannot be read or the sweep fails: an
 * agent that does not know its machine must not start.
 */
export const adoptSandboxes = async (host: Host): Promise<void> => {
  const startedMs = performance.now();
  const ids = (await readdir(host.layout.sandboxes)).filter(isUuid);
  const journals = await loadAll(host, ids);
  const known = journals.filter((journal) => journal !== null);
  requireAllAdopted(host, await eachLimited(known, AT_ONCE, (journal) => adoptOne(host, journal)));
  await sweep(host);
  for (const [index, id] of ids.entries()) {
    if (journals[index] !== null || host.unreadable.has(id)) continue;
    await rm(host.layout.sandboxDirectory(id), { recursive: true, force: true });
  }
  host.expiry.start();
  host.log.info("sandboxes_adopted", {
    running: [...host.sandboxes.values()].filter(({ live }) => live !== null).length,
    known: known.length,
    swept: ids.length - known.length - host.unreadable.size,
    unreadable: host.unreadable.size,
    ms: Math.round(performance.now() - startedMs),
  });
};
