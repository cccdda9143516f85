/**
 * One spare, from a template's memory to a machine that stands warmed and stopped: it takes no processor
 * time while it waits, and what it has run once, emulation need not translate again.
 */
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";

import { newId } from "../../../proto/ids.ts";
import { AgentError } from "../../errors.ts";
import { VM_DIRECTORY } from "../../images/layout.ts";
import { isOpenPolicy } from "../../net/policy.ts";
import { type NetworkPolicy, OPEN_POLICY } from "../../net/slots.ts";
import type { Vm } from "../../vm/runtime.ts";
import { endVm } from "../end-vm.ts";
import { type GuestAccess, initGuest, runInGuest } from "../guest-client.ts";
import type { Host } from "../host.ts";
import { identityOf } from "../identity.ts";
import { restoreMachine } from "../launch.ts";
import { pinLayers, removeUnusedLayers } from "../layers-in-use.ts";
import type { Live, Sandbox } from "../sandbox.ts";
import type { Spare, SpareKind } from "./kinds.ts";

/** On a busy host: it gets what processor time others leave. */
const REHEARSAL_MS = 60_000;

/** What a first command does, as the server asks it of a user. */
const REHEARSAL: [string, ...string[]][] = [["true"], ["sh", "-c", "echo ready"], ["bash", "-lc", "true"]];

/** The first commands in a machine are the slow ones; these are run before anyone waits for them. */
const rehearse = async (id: string, { vm, slot }: Live, unwanted: AbortSignal): Promise<void> => {
  const guest: GuestAccess = { address: slot.address, accessToken: crypto.randomUUID() };
  const deadline = AbortSignal.any([unwanted, AbortSignal.timeout(REHEARSAL_MS)]);
  await vm.resume();
  const { accessToken } = guest;
  await initGuest(guest.address, { accessToken, envs: {}, identity: identityOf(id) }, deadline);
  for (const argv of REHEARSAL) await runInGuest(guest, argv, deadline).catch(() => "");
  await vm.stop();
};

/**
 * Throws `template_not_found`, `memory_full`, `disk_full` and whatever keeps a machine from starting; soon after
 * `unwanted` is aborted.
 */
export const makeSpare = async (host: Host, kind: SpareKind, unwanted: AbortSignal): Promise<Spare> => {
  const template = await host.templates.open(kind.template);
  if (template === null) throw new AgentError("template_not_found", "the template is not here any more");
  const { manifest, saved } = template;
  const { vcpus, memoryMb } = manifest;
  await host.admission.requireRoom({ memoryMb, diskSizeMb: kind.diskSizeMb });
  const id = newId();
  await using undo = new AsyncDisposableStack();
  const directory = host.layout.spareDirectory(id);
  undo.defer(() => rm(directory, { recursive: true, force: true }));
  let vm: Vm | null = null;
  const slot = await host.slots.claim(OPEN_POLICY);
  undo.defer(() => (vm === null ? host.slots.release(slot) : endVm(host, { vm, slot })));
  const top = await host.layers.create(manifest.layers, { diskSizeMb: kind.diskSizeMb, uid: slot.uid });
  const layers = [...manifest.layers, top];
  const pin = pinLayers(host, layers);
  undo.defer(async () => {
    pin[Symbol.dispose]();
    await removeUnusedLayers(host, [top]);
  });
  const bootFiles = await host.images.bootFiles(manifest.kernelDigest, manifest.guestDriveDigest);
  const base = { kind: "template", key: kind.template } as const;
  const vmDirectory = join(directory, VM_DIRECTORY);
  const machine = { sandboxId: id, vcpus, memoryMb, layers, base, bootFiles, vmDirectory };
  vm = await restoreMachine(host, machine, { slot, standby: null }, saved);
  vm.setPriority("background");
  // Programs that somebody's snapshot runs have not been asked to run yet.
  if (manifest.type === "base") await rehearse(id, { vm, slot }, unwanted);
  unwanted.throwIfAborted();
  undo.move();
  return { ...kind, id, layers, pin, live: { vm, slot } };
};

/** Nothing of it is left; what cannot be removed now, the next start of the agent sweeps. Never rejects. */
export const endSpare = async (host: Host, spare: Spare): Promise<void> => {
  await endVm(host, spare.live);
  spare.pin[Symbol.dispose]();
  await removeUnusedLayers(host, spare.layers.slice(-1)).catch(() => undefined);
  await rm(host.layout.spareDirectory(spare.id), { recursive: true, force: true }).catch(() => undefined);
};

/**
 * The spare becomes the sandbox's: its directory takes the sandbox's name, and its network the sandbox's
 * rules, before the guest runs again. Without a journal it is swept like any machine that never was one's.
 */
export const giveSpare = async (
  host: Host,
  { spare, sandbox, network }: { spare: Spare; sandbox: Sandbox; network: NetworkPolicy },
): Promise<void> => {
  const { vm, slot } = spare.live;
  // Before anything can fail: from here on its layers go with the sandbox.
  sandbox.plannedLayers = spare.layers;
  spare.pin[Symbol.dispose]();
  await rename(host.layout.spareDirectory(spare.id), host.layout.sandboxDirectory(sandbox.id));
  vm.movedTo(host.layout.sandboxVmDirectory(sandbox.id));
  if (!isOpenPolicy(network)) await host.slots.applyPolicy(slot, network);
  vm.setPriority("normal");
};
