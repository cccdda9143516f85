/** Settles what this machine runs guests with and opens the runtime: QEMU's version, accelerator, CPU model. */
import { readFile } from "node:fs/promises";

import { CommandFailed, run } from "../system/exec.ts";
import { measureTscKhz } from "../system/time-stamp-counter.ts";
import { chooseAccelerator } from "./accelerator.ts";
import type { AcceleratorMode, ProbeOptions } from "./accelerator.ts";
import type { VmmAccelerator } from "./machine.ts";
import { createQemuRuntime } from "./qemu.ts";
import { VmFailed } from "./runtime.ts";
import type { VmRuntime } from "./runtime.ts";

const QEMU = "qemu-system-x86_64";
/** Debian 12's. */
const OLDEST_VERSION: readonly [number, number] = [7, 2];

/** Major and minor from `qemu-system-x86_64 --version`; null when it says something else. */
export const parseQemuVersion = (text: string): [number, number] | null => {
  const [, major, minor] = /^QEMU emulator version (\d+)\.(\d+)/.exec(text) ?? [];
  return major === undefined || minor === undefined ? null : [Number(major), Number(minor)];
};

const isNewEnough = ([major, minor]: readonly [number, number]): boolean =>
  major > OLDEST_VERSION[0] || (major === OLDEST_VERSION[0] && minor >= OLDEST_VERSION[1]);

/** Such as `7.2`. Throws `VmFailed` when QEMU is missing or too old. */
export const readQemuVersion = async (): Promise<string> => {
  const missing = (cause: unknown, detail: string) =>
    new VmFailed(
      "qemu_missing",
      `${detail}: install the Debian package qemu-system-x86, version 7.2 or newer`,
      {
        cause,
      },
    );
  const text = await run([QEMU, "--version"], { timeoutMs: 10_000 }).catch((cause: unknown) => {
    throw cause instanceof CommandFailed ? missing(cause, `${QEMU} does not run`) : cause;
  });
  const version = parseQemuVersion(text);
  if (version === null || !isNewEnough(version)) {
    throw missing(undefined, `${QEMU} is of version ${version?.join(".") ?? "unknown"}`);
  }
  return version.join(".");
};

/**
 * An emulated CPU is QEMU's own; an accelerated one has the host's features, which change with its
 * processor and microcode, and a guest must wake up on what it went to sleep on.
 * @param cpuinfo the content of /proc/cpuinfo
 */
export const cpuModelOf = (accelerator: VmmAccelerator, cpuinfo: string): string => {
  if (accelerator === "tcg") return "max";
  const [first = ""] = cpuinfo.split("\n\n");
  const facts = first.split("\n").filter((line) => /^(model name|flags)\s*:/.test(line));
  return `max-${Bun.hash.xxHash3(facts.join("\n")).toString(16).padStart(16, "0").slice(0, 8)}`;
};

export interface OpenRuntimeOptions extends Omit<ProbeOptions, "qemuVersion" | "mode"> {
  /** `WRENN_ACCEL`. */
  accelerator: AcceleratorMode;
}

/** Throws `VmFailed`: `qemu_missing`, `accelerator_missing`. */
export const openRuntime = async ({
  accelerator: mode,
  ...probe
}: OpenRuntimeOptions): Promise<VmRuntime> => {
  const qemuVersion = await readQemuVersion();
  const accelerator = await chooseAccelerator({ ...probe, mode, qemuVersion });
  const tscKhz = accelerator === "tcg" ? await measureTscKhz() : null;
  const cpuModel = cpuModelOf(accelerator, await readFile("/proc/cpuinfo", "utf8"));
  return createQemuRuntime({ accelerator, tscKhz, qemuVersion, cpuModel });
};
