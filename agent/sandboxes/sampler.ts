/** Notes what sandboxes and the host use, a round every few seconds, and keeps rounds until the server has them. */
import { eachLimited } from "../../proto/limit.ts";
import { describeError } from "../errors.ts";
import type { GuestMetrics } from "../guest/protocol.ts";
import { readMachineCpu, readProcessCpuMs } from "../system/cpu-time.ts";
import type { Logger } from "../system/log.ts";
import { readDisk, readMemory } from "../system/machine.ts";
import { SandboxLoad, type SandboxSample } from "./load.ts";
import type { Sandbox } from "./sandbox.ts";

export interface SampleRound {
  /** Counted up, also over a restart: Unix milliseconds where nothing stands in the way. */
  round: number;
  /** Unix milliseconds. */
  atMs: number;
  hostCpuUsedPercent: number;
  hostFreeMemoryMb: number;
  hostFreeDiskMb: number;
  sandboxes: SandboxSample[];
}

/** Five minutes of the usual rounds: what a server may be away for without a gap. */
const MAX_ROUNDS = 20;
/** Guests that are asked at once. */
const ASK_AT_ONCE = 4;

export interface SamplerDeps {
  sandboxes: ReadonlyMap<string, Sandbox>;
  /** Its file system's free space is the host's. */
  directory: string;
  log: Logger;
  /** What the guest says of itself; a rejection is no answer. */
  ask: (sandbox: Sandbox) => Promise<GuestMetrics>;
}

export class Sampler {
  readonly #loads = new WeakMap<Sandbox, SandboxLoad>();
  readonly #rounds: SampleRound[] = [];
  #machine = readMachineCpu();
  #timer: Timer | null = null;
  #isStopped = false;

  constructor(
    private readonly deps: SamplerDeps,
    private readonly intervalMs: number,
  ) {}

  /** Rounds are on the clock's own multiples of the interval: those of several hosts fall together. */
  start(): void {
    if (this.#isStopped) return;
    const waitMs = this.intervalMs - (Date.now() % this.intervalMs);
    this.#timer = setTimeout(() => {
      void this.#note()
        .catch((error: unknown) => this.deps.log.warn("samples_failed", { error: describeError(error) }))
        .finally(() => this.start());
    }, waitMs);
  }

  stop(): void {
    this.#isStopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  /** Those that are kept and newer, oldest first. */
  after(round: number): readonly SampleRound[] {
    return this.#rounds.filter((one) => one.round > round);
  }

  /** Of the newest round; 0 before the first. */
  get lastRound(): number {
    return this.#rounds.at(-1)?.round ?? 0;
  }

  async #note(): Promise<void> {
    const atMs = Date.now();
    const running = [...this.deps.sandboxes.values()].filter(({ live }) => live !== null);
    const [memory, disk, sandboxes] = await Promise.all([
      readMemory(),
      readDisk(this.deps.directory),
      eachLimited(running, ASK_AT_ONCE, (sandbox) => this.#sample(sandbox)),
    ]);
    this.#rounds.push({
      round: Math.max(this.lastRound + 1, atMs),
      atMs,
      hostCpuUsedPercent: this.#machinePercent(),
      hostFreeMemoryMb: memory.availableMb,
      hostFreeDiskMb: disk.freeMb,
      sandboxes: sandboxes.flatMap((result) =>
        result.status === "fulfilled" && result.value !== null ? [result.value] : [],
      ),
    });
    if (this.#rounds.length > MAX_ROUNDS) this.#rounds.shift();
  }

  /** Null while there is nothing to say: just begun, or under an operation. */
  async #sample(sandbox: Sandbox): Promise<SandboxSample | null> {
    const { live, journal, accepting } = sandbox;
    if (live === null || journal?.state !== "running" || !accepting) return null;
    const { pid } = live.vm.record;
    const cpuMs = readProcessCpuMs(pid);
    if (cpuMs === null) return null;
    const load = this.#loadOf(sandbox);
    const percent = load.note({ pid, cpuMs, atMs: performance.now() }, journal.vcpus);
    if (load.isDue && sandbox.operation === null) {
      const answer = await this.deps.ask(sandbox).catch(() => null);
      load.answered(answer, readProcessCpuMs(pid));
    }
    return percent === null ? null : load.toSample(sandbox.id, percent);
  }

  #loadOf(sandbox: Sandbox): SandboxLoad {
    const known = this.#loads.get(sandbox);
    if (known !== undefined) return known;
    const made = new SandboxLoad();
    this.#loads.set(sandbox, made);
    return made;
  }

  #machinePercent(): number {
    const before = this.#machine;
    this.#machine = readMachineCpu();
    const totalMs = this.#machine.totalMs - before.totalMs;
    const busyMs = this.#machine.busyMs - before.busyMs;
    return totalMs <= 0 ? 0 : Math.round((busyMs / totalMs) * 1_000) / 10;
  }
}
