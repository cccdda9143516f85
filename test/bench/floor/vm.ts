/**
 * The floor: what a sandbox costs when nothing is between the caller and the machine. The same QEMU
 * command line, the same template files and the same fsyncs as Wrenn's, in straight-line code.
 */
import { chmodSync, chownSync, closeSync, mkdirSync, openSync, rmSync } from "node:fs";
import { join } from "node:path";

import { TAP_NAME } from "../../../agent/net/plan.ts";
import { GUEST_MAC_ADDRESS } from "../../../agent/system/guest-network.ts";
import { memoryGroup } from "../../../agent/system/instance-ids.ts";
import { closeFd, listenUnix } from "../../../agent/system/libc.ts";
import { jailed, qemuArguments } from "../../../agent/vm/machine.ts";
import { insertCommands, LIST_NODES, switchCommand } from "../../../agent/vm/root-disk.ts";
import { loadMemory, type Run, saveMemory } from "./memory.ts";
import { Qmp } from "./qmp.ts";
import { keepRecord, makeLast, makeNetwork, makeOverlay, removeNetwork } from "./steps.ts";
import type { FloorTemplate } from "./template.ts";

const CONTROL_FD = 3;
const DEVICE_STATE_FD = 4;
const INCOMING_FD = 5;

/** Outside of every range the agent or the system uses. */
const FIRST_UID = 0x6f00_0000;

/** Memory and devices of a stopped VM. */
export interface FloorSaved {
  diffPath: string;
  deviceStatePath: string;
  runs: Run[];
}

export interface FloorDisk {
  path: string;
  format: "qcow2" | "raw";
}

export class FloorVm {
  readonly namespace: string;
  readonly #directory: string;
  readonly #template: FloorTemplate;
  readonly #uid: number;
  #overlays: string[] = [];
  #saves = 0;
  #hasNetwork = false;
  #qmp: Qmp | null = null;
  #child: Bun.Subprocess | null = null;

  /** `name` is the namespace's, too; `index` sets uids and files apart. */
  constructor(template: FloorTemplate, options: { name: string; parent: string; index: number }) {
    const { name, parent, index } = options;
    this.#template = template;
    this.#uid = FIRST_UID + index;
    this.namespace = name;
    this.#directory = join(parent, String(index));
    mkdirSync(this.#directory, { recursive: true });
    chmodSync(parent, 0o711);
    chmodSync(this.#directory, 0o711);
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** A new VM on the template's memory: the guest runs when this returns. */
  create(): void {
    const { diskPath: path, diskFormat: format, deviceStatePath } = this.#template;
    this.cloneOf({ path, format }, { diffPath: "", deviceStatePath, runs: [] });
  }

  /** A new VM on a disk and a saved memory. */
  cloneOf(disk: FloorDisk, saved: FloorSaved): void {
    this.#makeNetwork();
    this.#addOverlay(disk);
    this.#load(saved);
    this.#keep("running");
  }

  /** What was paused goes on. */
  resume(saved: FloorSaved): void {
    this.#makeNetwork();
    this.#load(saved);
    this.#keep("running");
  }

  /** Durable when this returns; the process is still there. */
  pause(): FloorSaved {
    const saved = this.#save();
    makeLast(this.#directory);
    this.#keep("paused");
    return saved;
  }

  /**
   * Saves a copy to clone from and goes on, on a new overlay: the source of a fork.
   * @returns `stoppedMs`: how long it stood.
   */
  copy(): { disk: FloorDisk; saved: FloorSaved; stoppedMs: number } {
    const frozen = this.#disk();
    const fresh = this.#addOverlay(frozen);
    const stoppedAt = performance.now();
    const saved = this.#save();
    makeLast(this.#directory);
    const qmp = this.#control();
    qmp.execute(...switchCommand(qmp.execute(...LIST_NODES), fresh.path));
    qmp.execute("cont");
    const stoppedMs = performance.now() - stoppedAt;
    chownSync(frozen.path, 0, 0);
    chmodSync(frozen.path, 0o444);
    makeLast(frozen.path);
    this.#keep("running");
    return { disk: frozen, saved, stoppedMs };
  }

  /** The process is gone and the namespace removed; files stay for a resume. Ending twice is fine. */
  async end(): Promise<void> {
    if (!this.#hasNetwork) return;
    this.#qmp?.close();
    this.#qmp = null;
    this.#child?.kill("SIGKILL");
    await this.#child?.exited;
    this.#child = null;
    removeNetwork(this.namespace);
    this.#hasNetwork = false;
  }

  /** Saved memory that has been used up. */
  drop(saved: FloorSaved): void {
    rmSync(saved.diffPath, { force: true });
  }

  removeFiles(): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #makeNetwork(): void {
    this.#hasNetwork = true;
    makeNetwork(this.namespace, this.#uid);
  }

  #control(): Qmp {
    if (this.#qmp === null) throw new Error("this floor VM does not run");
    return this.#qmp;
  }

  #disk(): FloorDisk {
    const path = this.#overlays.at(-1);
    if (path === undefined) throw new Error("this floor VM has no disk");
    return { path, format: "qcow2" };
  }

  #addOverlay(below: FloorDisk): FloorDisk {
    const path = join(this.#directory, `disk-${this.#overlays.length}.qcow2`);
    makeOverlay(path, { diskPath: below.path, diskFormat: below.format }, this.#uid);
    this.#overlays.push(path);
    return { path, format: "qcow2" };
  }

  #keep(state: string): void {
    keepRecord(join(this.#directory, "record.json"), { state, pid: this.pid, overlays: this.#overlays });
  }

  #save(): FloorSaved {
    const deviceStatePath = join(this.#directory, "device-state");
    // Another name each time: the last one stays valid until this one is whole.
    const diffPath = join(this.#directory, `diff-${this.#saves++}`);
    const qmp = this.#control();
    qmp.execute("stop");
    qmp.execute("xen-save-devices-state", { filename: `/proc/self/fd/${DEVICE_STATE_FD}` });
    const basePath = this.#template.baseMemoryPath;
    const runs = saveMemory({ pid: this.pid, basePath, diffPath });
    makeLast(deviceStatePath);
    return { diffPath, deviceStatePath, runs };
  }

  #load(saved: FloorSaved): void {
    const { layout, manifest, accelerator, baseMemoryPath, guestDrivePath } = this.#template;
    const spec = {
      name: this.namespace,
      directory: this.#directory,
      vcpus: manifest.vcpus,
      memoryMb: manifest.memoryMb,
      drivePaths: [guestDrivePath],
      network: { namespace: this.namespace, tapName: TAP_NAME, macAddress: GUEST_MAC_ADDRESS },
      jail: { uid: this.#uid, gid: this.#uid, memoryGid: memoryGroup(layout.instanceId) },
      baseMemoryPath,
    };
    // The speed of its clock only matters to a guest that boots.
    const settings = { accelerator, tscKhz: null };
    const argv = qemuArguments(spec, settings, { controlFd: CONTROL_FD, kernel: null });
    const controlPath = join(this.#directory, "control.sock");
    rmSync(controlPath, { force: true });
    const control = listenUnix(controlPath);
    const incoming = openSync(saved.deviceStatePath, "r");
    const outPath = join(this.#directory, "device-state");
    // Beside, as `incoming` may be the file of that name.
    rmSync(outPath, { force: true });
    const out = openSync(outPath, "w", 0o600);
    chownSync(outPath, this.#uid, this.#uid);
    const log = openSync(join(this.#directory, "qemu.log"), "a");
    this.#child = Bun.spawn(jailed(spec, ["qemu-system-x86_64", ...argv]), {
      stdio: ["ignore", log, log, control, out, incoming],
    });
    for (const fd of [incoming, out, log]) closeSync(fd);
    closeFd(control);
    this.#qmp = new Qmp(controlPath);
    for (const command of insertCommands(this.#disk().path)) this.#qmp.execute(...command);
    const { diffPath, runs } = saved;
    if (runs.length > 0) loadMemory({ pid: this.pid, basePath: baseMemoryPath, diffPath, runs });
    this.#qmp.load(INCOMING_FD);
    this.#qmp.execute("cont");
  }
}
