/**
 * What a VM runtime offers to `sandboxes/`. QEMU implements it; a second runtime needs nothing above
 * this file to change. A runtime knows machines, memory and devices; never sandboxes or teams.
 */

/** What a process can be started with before it is known whose machine it will run. Paths are absolute. */
export interface VmShape {
  /** Shown in logs and the process list. */
  name: string;
  /**
   * The VM's own directory, made and kept root's by the runtime: control socket, what the VMM printed,
   * device state. The jailed process cannot change what stands there.
   */
  directory: string;
  vcpus: number;
  memoryMb: number;
  /** Raw images that the guest may read, in its order from vdb on: the guest agent's drive. */
  drivePaths: string[];
  network: VmNetwork;
  /** `memoryGid` is the process's one further group. */
  jail: { uid: number; gid: number; memoryGid: number };
  /**
   * What guest memory maps copy-on-write, or all holes for a cold boot: a loop device attached read-only
   * (members of `jail.memoryGid` open it for reading and writing, and must not be able to write).
   */
  baseMemoryPath: string;
}

/** Everything needed to start one virtual machine. */
export interface VmSpec extends VmShape {
  kernel: KernelSpec;
  /** The guest's vda, qcow2, the jail's uid's. Null: nothing is on it. */
  overlayPath: string | null;
}

export interface KernelSpec {
  imagePath: string;
  initrdPath: string;
  /** Added to the runtime's own kernel command line. */
  commandLine: string;
}

export interface VmNetwork {
  namespace: string;
  tapName: string;
  macAddress: string;
}

/** Memory and devices of a stopped VM, relative to the base memory it was started on. */
export interface SavedMemory {
  /** Differing pages, one after another. */
  diffPath: string;
  deviceStatePath: string;
  /** Where the pages of the diff belong, as [first page, page count] in ascending order. */
  runs: [number, number][];
  diffDigest: string;
  deviceStateDigest: string;
  /** Of the VM it was saved from, which may be older than the agent: no other runtime takes it. */
  runtimeId: string;
}

/** `diffDigest` of a diff without pages (`runs` empty, no file needed): what a template's own state goes with. */
export const EMPTY_DIFF_DIGEST = "xxh3-2d06800538d394c2";

/** What the journal keeps of a running VM so that a restarted agent finds it again. Plain JSON. */
export interface VmRecord {
  pid: number;
  /** Field 22 of /proc/pid/stat: tells a reused pid from the real process. */
  startTicks: number;
  controlSocketPath: string;
  baseMemoryPath: string;
  /** Of the agent that started it. */
  runtimeId: string;
}

export interface VmExit {
  /** One of the sandbox reasons: `oom` when the host's OOM killer ended it, else `vm_died`. */
  reason: "vm_died" | "oom";
  /** For people: exit code or signal, and the last line the VMM printed. */
  detail: string;
}

/** Told each time a step of an operation is done, such as `spawn`. */
export type OnStep = (step: string) => void;

export type VmPriority = "normal" | "background";

/** Where memory is saved to. */
export interface SaveTarget {
  diffPath: string;
  deviceStatePath: string;
}

export interface Vm {
  readonly record: VmRecord;
  /** Settles once, when the process is gone, whoever ended it. */
  readonly exited: Promise<VmExit>;
  /** False while stopped, and once the guest has halted. Tells an adopter where its predecessor was. */
  isRunning(): Promise<boolean>;
  /** What the guest's console printed last (up to 64 KB), for a boot that did not come up. */
  console(): Promise<string>;
  /** Let the guest run (again). */
  resume(): Promise<void>;
  /** Freeze the guest. */
  stop(): Promise<void>;
  /**
   * Write device state and every page that differs from the base. The VM must be stopped. Files are
   * fsynced; the caller renames them into place.
   */
  save(target: SaveTarget, onStep?: OnStep): Promise<SavedMemory>;
  /** Make the root disk's present overlay read-only history and go on in `overlayPath`, made ahead on top of it. */
  switchOverlay(overlayPath: string): Promise<void>;
  /** Its directory has another name now: the process and what it holds open follow by themselves. */
  movedTo(directory: string): void;
  /**
   * In the background it takes what processor time others leave, and is the first to go when the host's memory
   * runs out. Throws when the process is gone.
   */
  setPriority(priority: VmPriority): void;
  /** Orderly end, then a kill past a deadline. Resolves when the process is gone. */
  quit(): Promise<void>;
  kill(): Promise<void>;
}

export interface RestoreOptions {
  onStep?: OnStep;
  /** What to load into: prepared in this shape by this runtime, in the spec's directory by now. */
  prepared?: Vm | null;
}

export interface VmRuntime {
  readonly accelerator: "kvm" | "emulated";
  /** Names the tuple that saved memory must match: VMM version, machine definition, CPU model, accelerator. */
  readonly runtimeId: string;
  /** Cold boot; the guest runs when this resolves (it is not healthy yet). */
  boot(spec: VmSpec): Promise<Vm>;
  /**
   * Start a process that waits for `restore`, in the background: all of a VM but its disk and its guest. Only ending,
   * moving and priorities mean something to such a one.
   */
  prepare(shape: VmShape): Promise<Vm>;
  /**
   * Load a saved VM; it is stopped when this resolves, so that the caller can journal before `resume()`. When this
   * throws, no process is left.
   */
  restore(spec: VmSpec, saved: SavedMemory, options?: RestoreOptions): Promise<Vm>;
  /** Find a VM that outlived the agent; null when that process is gone. */
  adopt(record: VmRecord): Promise<Vm | null>;
}

/** Saved memory that cannot be used: damaged, or of another runtime. The sandbox stays paused. */
export class SnapshotRefused extends Error {
  override name = "SnapshotRefused";
}

/** `control_lost`: the VMM did not answer in time, or ended. `disk_full`: saving ran out of space. */
export type VmFailure =
  | "qemu_missing"
  | "accelerator_missing"
  | "start_failed"
  | "control_lost"
  | "not_stopped"
  | "disk_full"
  | "save_failed";

/** Anything else that went wrong with a VM; the message says what to do where something can be done. */
export class VmFailed extends Error {
  override name = "VmFailed";
  constructor(
    readonly code: VmFailure,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
