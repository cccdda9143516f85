/**
 * The immutable things sandboxes start from and the disks they write to, as `sandboxes/` sees them.
 * Everything here is content-addressed or built aside and renamed in; nothing is changed in place.
 */
import type { KernelSpec, SavedMemory } from "../vm/runtime.ts";

/** Bare UUIDs. */
export interface TemplateKey {
  teamId: string;
  templateId: string;
}

/** `manifest.json` of a template directory; the template is complete exactly when it exists. */
export interface TemplateManifest {
  version: 1;
  type: "base" | "snapshot";
  name: string;
  vcpus: number;
  memoryMb: number;
  diskSizeMb: number;
  runtimeId: string;
  kernelDigest: string;
  guestDriveDigest: string;
  agentVersion: string;
  /** Layers of the disk, oldest first; see `LayerStore`. */
  layers: string[];
  memory: { fileName: string; digest: string; sizeBytes: number };
  deviceState: { fileName: string; digest: string };
  /** Set when this is another template's warm memory for another size or runtime. */
  variantOf?: TemplateKey;
  createdAt: string;
}

export interface Template extends TemplateKey {
  manifest: TemplateManifest;
  /** Read-only loop device over the base memory; attached on first use. */
  baseMemoryPath: string;
  /** Saved state with an empty diff: a create restores this. */
  saved: SavedMemory;
}

export interface TemplateStore {
  /** Those with a whole manifest. */
  list(): Promise<(TemplateKey & { manifest: TemplateManifest; sizeBytes: number })[]>;
  /**
   * Those whose manifest this agent cannot read: damaged, or written by a later version. What they stand
   * on is not known, so nothing that templates share may be deleted while there is one.
   */
  listDamaged(): Promise<TemplateKey[]>;
  /** Null when this host does not hold it. Verifies digests once per agent start. */
  open(key: TemplateKey): Promise<Template | null>;
  /**
   * Build aside and rename in. `fill` puts the files into `directory` and returns the manifest; when it
   * throws, or the process dies, nothing is left of it.
   */
  publish(key: TemplateKey, fill: (directory: string) => Promise<TemplateManifest>): Promise<Template>;
  /** Gone when this resolves; a template that is not there is fine. */
  remove(key: TemplateKey): Promise<void>;
}

/**
 * Disk layers: qcow2 files, each on the one before, the oldest on an immutable raw image. The top one is
 * written by a single VM; a frozen one is read-only and may carry any number of others. Which layers are
 * in use is told by journals and manifests, never counted on disk.
 */
export interface LayerStore {
  path(layerId: string): string;
  /** A new top on `below` (oldest first), owned by `uid`. `diskSizeMb` may only grow. Returns its id. */
  create(below: string[], options: { diskSizeMb: number; uid: number }): Promise<string>;
  /** Read-only from now on (the VM must have left it). */
  freeze(layerId: string): Promise<void>;
  /** Take a finished raw image in as the first layer. */
  adoptRaw(rawPath: string): Promise<string>;
  chown(layerId: string, uid: number): Promise<void>;
  /** One layer with the content of the chain, above its first `keep` layers. Throws why `signal` aborted. */
  flatten(layers: string[], options: { keep: number; signal: AbortSignal }): Promise<string>;
  sizeBytes(layerId: string): Promise<number>;
  remove(layerId: string): Promise<void>;
  /** Delete every layer that is not in `keep`. */
  sweep(keep: ReadonlySet<string>): Promise<void>;
}

/** Kernel, initrd and guest drive that new sandboxes boot with; old ones stay while referred to. */
export interface BootFiles {
  kernelDigest: string;
  kernel: KernelSpec;
  guestDriveDigest: string;
  guestDrivePath: string;
}

/** Progress of something slow: what is being done and how far it is (0 to 1). */
export type Progress = (step: string, fraction: number) => void;

/** A disk cannot shrink. Nothing was made. */
export class DiskTooSmall extends Error {
  override name = "DiskTooSmall";
  constructor(
    readonly wantedMb: number,
    readonly leastMb: number,
  ) {
    super(`disk_size_mb ${wantedMb} is less than the ${leastMb} MB of the disk it starts from`);
  }
}

/** A template whose files are not those its manifest tells of. It is refused, never half-used. */
export class TemplateDamaged extends Error {
  override name = "TemplateDamaged";
  constructor(key: TemplateKey, reason: string) {
    super(`template ${key.templateId} is damaged (${reason}): delete it and build it again`);
  }
}

/** A template is never replaced in place: remove it first. */
export class TemplateExists extends Error {
  override name = "TemplateExists";
}
