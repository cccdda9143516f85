/** Makes a template out of disk layers: booted, warmed, its memory saved. */
import { copyFile, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";

import { newId } from "../../proto/ids.ts";
import type { Progress, Template, TemplateKey, TemplateManifest } from "../images/images.ts";
import { OPEN_POLICY } from "../net/slots.ts";
import type { SavedMemory } from "../vm/runtime.ts";
import { BOOT_DEADLINES, bootUntilHealthy } from "./boot.ts";
import { initGuest } from "./guest-client.ts";
import type { Host } from "./host.ts";
import { identityOf } from "./identity.ts";
import { type Machine } from "./launch.ts";
import { pinLayers, removeUnusedLayers } from "./layers-in-use.ts";
import { mergeMemory } from "./merge-memory.ts";
import { saveMemory } from "./pause.ts";
import { untilQuiet } from "./settle.ts";
import { warmUp } from "./warm-up.ts";

export interface WarmTemplate {
  key: TemplateKey;
  type: TemplateManifest["type"];
  name: string;
  vcpus: number;
  memoryMb: number;
  diskSizeMb: number;
  /** What the disk stands on. */
  layers: string[];
  /** Set for a variant of another template. */
  variantOf?: TemplateKey;
}

const QUIET_DEADLINE_MS = 10_000;

const MEMORY_FILE = "memory";
const DEVICE_STATE_FILE = "device-state";

/** Puts saved memory into a template's directory: merged with its base, so that it depends on nothing. */
export const fillTemplate = async (
  directory: string,
  source: { basePath: string | null; saved: SavedMemory; memoryMb: number },
): Promise<Pick<TemplateManifest, "memory" | "deviceState">> => {
  const { basePath, saved, memoryMb } = source;
  const targetPath = join(directory, MEMORY_FILE);
  const { digest, sizeBytes } = await mergeMemory({ basePath, saved, memoryMb, targetPath });
  await copyFile(saved.deviceStatePath, join(directory, DEVICE_STATE_FILE));
  return {
    memory: { fileName: MEMORY_FILE, digest, sizeBytes },
    deviceState: { fileName: DEVICE_STATE_FILE, digest: saved.deviceStateDigest },
  };
};

/** Boots, warms and saves; everything of the machine itself is gone when this resolves or throws. */
export const warmTemplate = async (
  host: Host,
  wanted: WarmTemplate,
  progress: Progress,
): Promise<Template> => {
  const id = newId();
  const directory = host.layout.sandboxDirectory(id);
  await using undo = new AsyncDisposableStack();
  using _below = pinLayers(host, wanted.layers);
  const slot = await host.slots.claim(OPEN_POLICY);
  undo.defer(() => host.slots.release(slot));
  undo.defer(() => rm(directory, { recursive: true, force: true }));
  const { layers, diskSizeMb, vcpus, memoryMb } = wanted;
  const top = await host.layers.create(layers, { diskSizeMb, uid: slot.uid });
  const pin = pinLayers(host, [top]);
  undo.defer(async () => {
    pin[Symbol.dispose]();
    await removeUnusedLayers(host, [top]);
  });
  await mkdir(directory, { recursive: true, mode: 0o711 });

  progress("booting", 0);
  const bootFiles = await host.images.currentBootFiles();
  const machine: Machine = {
    sandboxId: id,
    vcpus,
    memoryMb,
    layers: [...layers, top],
    base: { kind: "zero" },
    bootFiles,
  };
  const vm = await bootUntilHealthy(
    host,
    machine,
    slot,
    AbortSignal.timeout(BOOT_DEADLINES * host.settings.bootMs),
  );
  undo.defer(() => vm.kill());
  const accessToken = crypto.randomUUID();
  const initialize = () =>
    initGuest(
      slot.address,
      { accessToken, envs: {}, identity: identityOf(id) },
      AbortSignal.timeout(host.settings.readyMs),
    );
  await initialize();
  await warmUp({ address: slot.address, accessToken }, initialize, progress);

  await untilQuiet(vm.record.pid, QUIET_DEADLINE_MS);
  progress("saving memory", 0.9);
  await vm.stop();
  const saved = await saveMemory(vm, directory);
  await vm.quit();
  await host.layers.freeze(top);
  return await host.templates.publish(wanted.key, async (target) => ({
    version: 1,
    type: wanted.type,
    name: wanted.name,
    vcpus,
    memoryMb,
    diskSizeMb,
    runtimeId: saved.runtimeId,
    kernelDigest: bootFiles.kernelDigest,
    guestDriveDigest: bootFiles.guestDriveDigest,
    agentVersion: host.settings.agentVersion,
    layers: machine.layers,
    createdAt: new Date().toISOString(),
    ...(wanted.variantOf === undefined ? {} : { variantOf: wanted.variantOf }),
    ...(await fillTemplate(target, { basePath: null, saved, memoryMb })),
  }));
};
