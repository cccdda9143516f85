/**
 * One standby: a network slot and a process in it that waits for its disk and its guest. A resume, a copy or a new
 * sandbox without a spare finds the start of QEMU done, 40 to 50 ms of a processor.
 */
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";

import { newId } from "../../../proto/ids.ts";
import { AgentError } from "../../errors.ts";
import { VM_DIRECTORY } from "../../images/layout.ts";
import { OPEN_POLICY } from "../../net/slots.ts";
import { endVm } from "../end-vm.ts";
import type { Host } from "../host.ts";
import { shapeOf } from "../shape.ts";
import type { Standby, StandbyKind } from "./kinds.ts";

/** Throws `template_not_found`, `SlotsExhausted` and whatever keeps a process from starting. */
export const makeStandby = async (host: Host, kind: StandbyKind, unwanted: AbortSignal): Promise<Standby> => {
  const id = newId();
  const { vcpus, memoryMb, kernelDigest, guestDriveDigest } = kind;
  const bootFiles = await host.images.bootFiles(kernelDigest, guestDriveDigest);
  await using undo = new AsyncDisposableStack();
  const directory = host.layout.spareDirectory(id);
  undo.defer(() => rm(directory, { recursive: true, force: true }));
  const slot = await host.slots.claim(OPEN_POLICY);
  undo.defer(() => host.slots.release(slot));
  const machine = {
    sandboxId: id,
    vcpus,
    memoryMb,
    base: { kind: "template", key: kind.template } as const,
    bootFiles,
    vmDirectory: join(directory, VM_DIRECTORY),
  };
  const vm = await host.runtime.prepare(await shapeOf(host, machine, slot));
  undo.move();
  const standby = { ...kind, id, live: { vm, slot } };
  if (!unwanted.aborted) return standby;
  await endStandby(host, standby);
  throw new AgentError("busy", "the standby was not wanted any more");
};

/** Nothing of it is left; what cannot be removed now, the next start of the agent sweeps. Never rejects. */
export const endStandby = async (host: Host, { id, live }: Standby): Promise<void> => {
  await endVm(host, live);
  await rm(host.layout.spareDirectory(id), { recursive: true, force: true }).catch(() => undefined);
};

/** Its directory takes the place of `vmDirectory`: what an earlier VM left there goes. */
export const moveStandby = async (host: Host, { id, live }: Standby, vmDirectory: string): Promise<void> => {
  const directory = host.layout.spareDirectory(id);
  await rm(vmDirectory, { recursive: true, force: true });
  await rename(join(directory, VM_DIRECTORY), vmDirectory);
  live.vm.movedTo(vmDirectory);
  await rm(directory, { recursive: true, force: true });
};
