/**
 * Decides whether guests run on the hardware. That /dev/kvm exists, opens and answers proves nothing: on
 * some nested and paravirtual hosts guests then hang. So the real kernel is booted to its first program.
 */
import { readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";

import { writeDurably } from "../system/durable.ts";
import { kernelCommandLine } from "./machine.ts";
import type { VmmAccelerator, VmmSettings } from "./machine.ts";
import { EXIT_PORT, probeInitrd, REACHED_USER_SPACE } from "./probe-initrd.ts";
import { VmFailed } from "./runtime.ts";

/** `WRENN_ACCEL`. */
export type AcceleratorMode = VmmAccelerator | "auto";

export interface ProbeOptions {
  mode: AcceleratorMode;
  kernel: { imagePath: string; digest: string };
  /** Such as `7.2`: another QEMU is asked anew. */
  qemuVersion: string;
  /** Remembers the answer for this boot of the host; a missing or damaged file only costs a probe. */
  cachePath: string;
  /** For the probe's own files, removed again. */
  scratchDirectory: string;
}

/** A working KVM needs about 0.3 s; emulation would need 1.5 s. */
const PROBE_TIMEOUT_MS = 3_000;

/** True when a guest with `settings` reaches user space in time. Leaves no process behind. */
export const probeBoot = async (
  settings: VmmSettings,
  { imagePath, initrdPath, timeoutMs }: { imagePath: string; initrdPath: string; timeoutMs: number },
): Promise<boolean> => {
  const child = Bun.spawn(
    [
      "qemu-system-x86_64",
      ...[
        "-M",
        "microvm,x-option-roms=off,rtc=on,isa-serial=on",
        "-accel",
        settings.accelerator,
        "-cpu",
        "max",
      ],
      ...[
        "-sandbox",
        "on,spawn=deny,elevateprivileges=deny",
        "-m",
        "128M",
        "-nodefaults",
        "-no-user-config",
        "-display",
        "none",
        "-no-reboot",
      ],
      ...["-device", `isa-debug-exit,iobase=${EXIT_PORT},iosize=4`],
      ...["-kernel", imagePath, "-initrd", initrdPath, "-append", kernelCommandLine("", settings)],
    ],
    {
      stdio: ["ignore", "ignore", "ignore"],
      env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C" },
      timeout: timeoutMs,
      killSignal: "SIGKILL",
    },
  );
  return (await child.exited) === REACHED_USER_SPACE;
};

const kvmBoots = async ({ kernel, scratchDirectory }: ProbeOptions): Promise<boolean> => {
  const isThere = await stat("/dev/kvm").then(
    (found) => found.isCharacterDevice(),
    () => false,
  );
  if (!isThere) return false;
  const initrdPath = join(scratchDirectory, `accelerator-probe-${process.pid}.cpio`);
  try {
    await Bun.write(initrdPath, probeInitrd());
    return await probeBoot(
      { accelerator: "kvm", tscKhz: null },
      { imagePath: kernel.imagePath, initrdPath, timeoutMs: PROBE_TIMEOUT_MS },
    );
  } finally {
    await rm(initrdPath, { force: true });
  }
};

/** What an answer is good for: this boot of the host, this kernel, this QEMU. */
const questionOf = async ({ kernel, qemuVersion }: ProbeOptions): Promise<string> => {
  const bootId = (await readFile("/proc/sys/kernel/random/boot_id", "utf8")).trim();
  return `${bootId} ${kernel.digest} ${qemuVersion}`;
};

const readAnswer = async (path: string, question: string): Promise<boolean | null> => {
  try {
    const kept: unknown = JSON.parse(await readFile(path, "utf8"));
    if (typeof kept !== "object" || kept === null || !("question" in kept) || !("kvmWorks" in kept))
      return null;
    return kept.question === question && typeof kept.kvmWorks === "boolean" ? kept.kvmWorks : null;
  } catch {
    return null;
  }
};

const kvmWorks = async (options: ProbeOptions): Promise<boolean> => {
  const question = await questionOf(options);
  const known = await readAnswer(options.cachePath, question);
  if (known !== null) return known;
  const answer = await kvmBoots(options);
  await writeDurably(options.cachePath, `${JSON.stringify({ question, kvmWorks: answer })}\n`);
  return answer;
};

/** Throws `VmFailed` when `kvm` is demanded and guests do not run on it. */
export const chooseAccelerator = async (options: ProbeOptions): Promise<VmmAccelerator> => {
  if (options.mode === "tcg") return "tcg";
  if (await kvmWorks(options)) return "kvm";
  if (options.mode === "auto") return "tcg";
  throw new VmFailed(
    "accelerator_missing",
    "WRENN_ACCEL=kvm, but a guest does not come up on /dev/kvm of this machine: enable nested " +
      "virtualization, or set WRENN_ACCEL=auto to run guests emulated",
  );
};
