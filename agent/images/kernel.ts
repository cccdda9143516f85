/** Assembles the kernel and the initial RAM disk that sandboxes boot with, named by their content. */
import { createHash } from "node:crypto";
import { access, chmod, copyFile, mkdir, readdir, readFile, rename } from "node:fs/promises";
import { join } from "node:path";

import { type CpioEntry, writeCpio } from "../system/cpio.ts";
import { syncDirectory } from "../system/durable.ts";
import { run } from "../system/exec.ts";
import type { KernelSpec } from "../vm/runtime.ts";
import { initrdScript, kernelCommandLine } from "./guest-init.ts";
import { ensureKernelSource } from "./kernel-package.ts";
import type { Layout } from "./layout.ts";
import { withStaging } from "./staging.ts";

export interface KernelOptions {
  layout: Layout;
  /** Statically linked. */
  busyboxPath: string;
  emulated: boolean;
  /** A kernel of the operator's own, with virtio, ext4 and devtmpfs built in. */
  kernelPath?: string | undefined;
}

export interface Kernel {
  digest: string;
  spec: KernelSpec;
  /** Zero when nothing had to be fetched. */
  downloadMs: number;
}

const readModules = async (directory: string): Promise<CpioEntry[]> => {
  const names = (await readdir(directory)).sort();
  return await Promise.all(
    names.map(async (name) => ({
      path: `lib/modules/${name}`,
      mode: 0o644,
      content: await readFile(join(directory, name)),
    })),
  );
};

/** Not compressed: unpacking under emulation costs more than reading 2 MB. */
const buildInitrd = async (busyboxPath: string, modules: CpioEntry[]): Promise<Buffer> => {
  const directories = ["bin", "dev", "lib", "lib/modules", "newroot", "proc", "sys"];
  const script = initrdScript(modules.map(({ path }) => path.slice("lib/modules/".length)));
  return writeCpio([
    ...directories.map((path) => ({ path, mode: 0o755 })),
    { path: "bin/busybox", mode: 0o755, content: await readFile(busyboxPath) },
    { path: "init", mode: 0o755, content: Buffer.from(script) },
    ...modules,
  ]);
};

const kernelFiles = async (options: KernelOptions) => {
  if (options.kernelPath !== undefined) return { imagePath: options.kernelPath, modules: [], downloadMs: 0 };
  const { directory, downloadMs } = await ensureKernelSource(options.layout);
  return {
    imagePath: join(directory, "vmlinuz"),
    modules: await readModules(join(directory, "modules")),
    downloadMs,
  };
};

/** Puts `vmlinuz` and `initrd` under `kernels/{digest}/` when they are not there. */
export const ensureKernel = async (options: KernelOptions): Promise<Kernel> => {
  const { layout, busyboxPath, emulated } = options;
  const { imagePath, modules, downloadMs } = await kernelFiles(options);
  const initrd = await buildInitrd(busyboxPath, modules);
  const digest = createHash("sha256")
    .update(await readFile(imagePath))
    .update(initrd)
    .digest("hex");
  const directory = layout.kernelDirectory(digest);
  const spec: KernelSpec = {
    imagePath: join(directory, "vmlinuz"),
    initrdPath: join(directory, "initrd"),
    commandLine: kernelCommandLine({ emulated }),
  };
  const isThere = await access(directory).then(
    () => true,
    () => false,
  );
  if (isThere) return { digest, spec, downloadMs };
  await withStaging(layout, "kernel", async (staging) => {
    const aside = join(staging, "kernel");
    await mkdir(aside);
    await copyFile(imagePath, join(aside, "vmlinuz"));
    await Bun.write(join(aside, "initrd"), initrd);
    // read by jailed uids
    for (const name of ["vmlinuz", "initrd"]) await chmod(join(aside, name), 0o444);
    await chmod(aside, 0o755);
    await run(["sync", "-f", aside], { timeoutMs: 120_000 });
    await rename(aside, directory);
    await syncDirectory(layout.kernels);
  });
  return { digest, spec, downloadMs };
};

/** The kernel of an older snapshot; throws when its directory is gone. */
export const openKernel = async (layout: Layout, digest: string, emulated: boolean): Promise<KernelSpec> => {
  const directory = layout.kernelDirectory(digest);
  await access(join(directory, "vmlinuz"));
  return {
    imagePath: join(directory, "vmlinuz"),
    initrdPath: join(directory, "initrd"),
    commandLine: kernelCommandLine({ emulated }),
  };
};
