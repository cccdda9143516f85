/**
 * A copy of a sandbox to make others of: its disk so far, frozen, and its memory in files of its own.
 * The sandbox goes on as it was; a running one stops only while its dirty pages are copied.
 */
import { link, mkdir, rm } from "node:fs/promises";
import { basename, join } from "node:path";

import { guestPeer } from "../net/slots.ts";
import { stopProbing } from "../system/own-connections.ts";
import { logFieldsOf, Steps } from "../system/steps.ts";
import type { SavedMemory } from "../vm/runtime.ts";
import { freezeBelow } from "./freeze.ts";
import type { Host } from "./host.ts";
import { type Paused, type Running, type SandboxFacts, writeJournal } from "./journal.ts";
import { sandboxFile } from "./launch.ts";
import { pinLayers, removeUnusedLayers } from "./layers-in-use.ts";
import { saveMemory } from "./pause.ts";
import type { Live, Sandbox } from "./sandbox.ts";

export interface Capture {
  /** Of the source; `layers` are the frozen ones. */
  facts: SandboxFacts;
  /** Null when the source was paused without memory. */
  saved: SavedMemory | null;
}

/** Hard links of saved memory in `directory`: the files live until the last user removes its own. */
const linkMemory = async (saved: SavedMemory, directory: string): Promise<SavedMemory> => {
  const diffPath = join(directory, basename(saved.diffPath));
  const deviceStatePath = join(directory, basename(saved.deviceStatePath));
  await link(saved.diffPath, diffPath);
  await link(saved.deviceStatePath, deviceStatePath);
  return { ...saved, diffPath, deviceStatePath };
};

const factsOf = (journal: Running | Paused): SandboxFacts => {
  if (journal.state === "running") {
    const { state: _state, slotIndex: _slot, vm: _vm, ...facts } = journal;
    return facts;
  }
  const { state: _state, saved: _saved, reason: _reason, pausedAt: _at, ...facts } = journal;
  return facts;
};

/** Puts a new top on the sandbox's disk, in its journal first: an unused top changes nothing. */
const addTop = async <J extends Running | Paused>(
  host: Host,
  sandbox: Sandbox,
  journal: J,
  uid: number,
): Promise<J> => {
  const { layers, diskSizeMb } = journal;
  const top = await host.layers.create(layers, { diskSizeMb, uid });
  const next = { ...journal, layers: [...layers, top] };
  sandbox.plannedLayers = next.layers;
  try {
    await writeJournal(host.layout.sandboxJournal(sandbox.id), next);
  } catch (error) {
    sandbox.plannedLayers = [];
    await removeUnusedLayers(host, [top]);
    throw error;
  }
  sandbox.journal = next;
  sandbox.plannedLayers = [];
  return next;
};

const captureRunning = async (
  host: Host,
  sandbox: Sandbox,
  journal: Running,
  live: Live,
  directory: string,
): Promise<SavedMemory> => {
  const steps = new Steps();
  const { layers } = await addTop(host, sandbox, journal, live.slot.uid);
  const top = layers.at(-1);
  if (top === undefined) throw new Error(`sandbox ${sandbox.id} has no disk layer`);
  steps.done("layer");
  // Copying gigabytes takes longer than the kernel waits for a sign of life from a stopped guest.
  stopProbing(guestPeer(live.slot));
  const stoppedMs = performance.now();
  let saved: SavedMemory;
  try {
    await live.vm.stop();
    steps.done("stop");
    saved = await saveMemory(live.vm, directory, (step) => steps.done(step));
    await live.vm.switchOverlay(host.layers.path(top));
  } finally {
    // Also after a stop without an answer: QEMU may have taken it, or take it later.
    await live.vm.resume();
  }
  steps.done("switch");
  const stood = performance.now() - stoppedMs;
  await freezeBelow(host, layers);
  steps.done("freeze");
  const times = new Map([...steps.times, ["stopped", stood]]);
  host.stepTimes.note("capture", times);
  host.log.info("sandbox_captured", {
    sandbox: sandbox.id,
    pages: saved.runs.reduce((sum, [, count]) => sum + count, 0),
    ...logFieldsOf(times),
  });
  return saved;
};

const capturePaused = async (
  host: Host,
  sandbox: Sandbox,
  journal: Paused,
  directory: string,
): Promise<SavedMemory | null> => {
  const { saved, layers } = await addTop(host, sandbox, journal, 0);
  await freezeBelow(host, layers);
  return saved === null ? null : linkMemory(saved, directory);
};

/**
 * The caller holds the source's lock and disposes of the capture when the copies are made. Throws
 * `invalid_state` unless the source runs or is paused.
 */
export const captureSandbox = async (host: Host, sandbox: Sandbox): Promise<Capture & AsyncDisposable> => {
  const source = sandbox.journal?.state === "paused" ? sandbox.requirePaused() : sandbox.requireRunning();
  const journal = "journal" in source ? source.journal : source;
  const directory = sandboxFile(host, sandbox.id, `capture-${crypto.randomUUID()}`);
  await mkdir(directory, { mode: 0o700 });
  const pin = pinLayers(host, journal.layers);
  const dispose = async () => {
    pin[Symbol.dispose]();
    await rm(directory, { recursive: true, force: true });
    // Where the source was destroyed meanwhile and no copy came to be, this was the layers' last user.
    await removeUnusedLayers(host, journal.layers);
  };
  try {
    const saved =
      "journal" in source
        ? await captureRunning(host, sandbox, source.journal, source.live, directory)
        : await capturePaused(host, sandbox, source, directory);
    return { facts: factsOf(journal), saved, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
};
