/** What a host makes ahead, and what sets one apart from another. */
import type { TemplateKey } from "../../images/images.ts";
import type { SandboxFacts } from "../journal.ts";
import type { Live } from "../sandbox.ts";

/** What a spare can become: sandboxes of this template with a disk of this size. */
export interface SpareKind {
  /** The one whose memory is mapped: a variant where the size is not the template's own. */
  template: TemplateKey;
  diskSizeMb: number;
}

/** A machine that stands, with all it owns; no sandbox has had it yet. */
export interface Spare extends SpareKind {
  /** Names its directory until a sandbox takes it. Bare UUID. */
  id: string;
  /** Oldest first; the last is its own. Kept from being collected by `pin`. */
  layers: string[];
  pin: Disposable;
  live: Live;
}

export const nameOfSpare = ({ template, diskSizeMb }: SpareKind): string =>
  `${template.templateId}/${diskSizeMb}`;

/** What a standby can become: machines of this size on this template's memory, with these boot files. */
export interface StandbyKind {
  template: TemplateKey;
  vcpus: number;
  memoryMb: number;
  kernelDigest: string;
  guestDriveDigest: string;
}

/** No guest has run in it, and no sandbox has had it. */
export interface Standby extends StandbyKind {
  /** Names its directory until a sandbox takes it. Bare UUID. */
  id: string;
  live: Live;
}

export const nameOfStandby = ({ template, ...rest }: StandbyKind): string =>
  [template.templateId, rest.vcpus, rest.memoryMb, rest.kernelDigest, rest.guestDriveDigest].join("/");

/** Null for memory that no template holds: of a sandbox that was booted from its disk. */
export const standbyKindOf = (
  facts: Pick<SandboxFacts, "base" | "vcpus" | "memoryMb" | "kernelDigest" | "guestDriveDigest">,
): StandbyKind | null => {
  const { base, vcpus, memoryMb, kernelDigest, guestDriveDigest } = facts;
  if (base.kind !== "template") return null;
  return { template: base.key, vcpus, memoryMb, kernelDigest, guestDriveDigest };
};
