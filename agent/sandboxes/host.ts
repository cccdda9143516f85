/** What every operation on sandboxes works with: the parts of this host and what is known of it. */
import type { BootFiles, LayerStore, Progress, TemplateStore } from "../images/images.ts";
import type { Layout } from "../images/layout.ts";
import type { SlotPool } from "../net/slots.ts";
import type { Logger } from "../system/log.ts";
import type { VmRuntime } from "../vm/runtime.ts";
import type { Admission } from "./admission.ts";
import type { Spare, SpareKind, Standby, StandbyKind } from "./ahead/kinds.ts";
import type { Pool } from "./ahead/pool.ts";
import type { ChangeLog } from "./changes.ts";
import type { Expiry } from "./expiry.ts";
import type { Sampler } from "./sampler.ts";
import type { Sandbox } from "./sandbox.ts";
import type { StepTimes } from "./step-times.ts";
import type { TemplateCopies } from "./template-copies.ts";
import type { WorkBoard } from "./work.ts";

/** What sandboxes need of `images/` beyond templates and layers. */
export interface ImageParts {
  /** What new sandboxes boot with. */
  currentBootFiles(): Promise<BootFiles>;
  /** What an older snapshot was made with. Throws when it is gone. */
  bootFiles(kernelDigest: string, guestDriveDigest: string): Promise<BootFiles>;
  /** Deletes kernels and guest drives that are neither the newest nor in `keep` (digests). */
  sweepBootFiles(keep: ReadonlySet<string>): Promise<void>;
  /** What a cold boot of this size maps as its base memory. */
  zeroMemoryPath(memoryMb: number): Promise<string>;
  /** Makes the raw root file system of `minimal` and returns its layer id. */
  buildMinimalLayer(progress: Progress): Promise<string>;
}

export interface HostSettings {
  agentVersion: string;
  /** A restored guest must have answered /init by then. */
  readyMs: number;
  /** A cold boot must have come up by then; it is tried three times. */
  bootMs: number;
  /** A pause or destroy lets open streams end by themselves this long. */
  drainMs: number;
}

export interface Host {
  readonly layout: Layout;
  readonly runtime: VmRuntime;
  readonly templates: TemplateStore;
  readonly layers: LayerStore;
  readonly slots: SlotPool;
  readonly images: ImageParts;
  readonly settings: HostSettings;
  readonly log: Logger;
  readonly sandboxes: Map<string, Sandbox>;
  /** Ids whose journal could not be read: left alone and reported. */
  readonly unreadable: Set<string>;
  readonly admission: Admission;
  readonly changes: ChangeLog;
  readonly expiry: Expiry;
  /** Machines made ahead of the creates that will claim them. */
  readonly spares: Pool<SpareKind, Spare>;
  /** Processes started ahead of what will be loaded into them. */
  readonly standbys: Pool<StandbyKind, Standby>;
  readonly sampler: Sampler;
  readonly stepTimes: StepTimes;
  readonly work: WorkBoard;
  /** Layers of copies being made, by layer id and number of users. */
  readonly pinnedLayers: Map<string, number>;
  /** Templates being made, by their id: two creates make one, and none is deleted before it is there. */
  readonly templateBuilds: Map<string, Promise<unknown>>;
  /** Copies of templates to and from other hosts under way. */
  readonly copies: TemplateCopies;
  /** Ids of templates being deleted: nothing new may stand on them. */
  readonly doomedTemplates: Set<string>;
  /** No new sandboxes are taken, until the server says otherwise: kept on disk. */
  draining: boolean;
  /** The agent is about to end, and takes no new sandboxes for that. */
  stopping: boolean;
}
