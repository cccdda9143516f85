/** The images of this host as `sandboxes/` uses them: boot files, empty memory, `minimal`. */
import { access, chmod, open, rename, rm } from "node:fs/promises";
import { basename, join } from "node:path";

import { memoryGroup } from "../system/instance-ids.ts";
import { ensureBootFiles } from "./boot-files.ts";
import type { BootFiles, LayerStore, Progress } from "./images.ts";
import { openKernel } from "./kernel.ts";
import type { Layout } from "./layout.ts";
import { attachReadOnly } from "./loop-device.ts";
import { ensureMinimalImage } from "./minimal.ts";
import { withStaging } from "./staging.ts";
import { findUnusedBootFiles } from "./unused-boot-files.ts";

const MIB = 2 ** 20;

/** Kernel or drive of an older snapshot is no longer on this host: the sandbox can only resume cold. */
export class BootFilesMissing extends Error {
  override name = "BootFilesMissing";
}

export interface HostImagesOptions {
  layout: Layout;
  layers: LayerStore;
  /** The compiled agent that runs inside sandboxes. */
  agentPath: string;
  emulated: boolean;
  kernelPath?: string | undefined;
}

export interface HostImages {
  /** What new sandboxes boot with; made once, tried again after a failure. */
  currentBootFiles(): Promise<BootFiles>;
  /** What an older snapshot was made with. Throws `BootFilesMissing`. */
  bootFiles(kernelDigest: string, guestDriveDigest: string): Promise<BootFiles>;
  /** A read-only device over an all-holes file as large as the memory. */
  zeroMemoryPath(memoryMb: number): Promise<string>;
  /** Deletes kernels and drives that are neither the newest nor in `keep` (digests of either). */
  sweepBootFiles(keep: ReadonlySet<string>): Promise<void>;
  /** The layer id of `minimal`'s root file system, built when it is not there. */
  buildMinimalLayer(report: Progress): Promise<string>;
}

const seconds = (ms: number): string => (ms / 1_000).toFixed(1);

export const createHostImages = (options: HostImagesOptions): HostImages => {
  const { layout, layers, emulated } = options;
  let current: Promise<BootFiles> | null = null;

  const currentBootFiles = async (): Promise<BootFiles> => {
    current ??= ensureBootFiles(options);
    try {
      return await current;
    } catch (error) {
      current = null;
      throw error;
    }
  };

  const bootFiles: HostImages["bootFiles"] = async (kernelDigest, guestDriveDigest) => {
    const guestDrivePath = layout.drive(guestDriveDigest);
    try {
      await access(guestDrivePath);
      const kernel = await openKernel(layout, kernelDigest, emulated);
      return { kernelDigest, kernel, guestDriveDigest, guestDrivePath };
    } catch (cause) {
      throw new BootFilesMissing(
        "the kernel or guest drive of this snapshot is no longer on this host: resume it cold",
        { cause },
      );
    }
  };

  const sweepBootFiles: HostImages["sweepBootFiles"] = async (keep) => {
    for (const directory of [layout.kernels, layout.drives]) {
      for (const path of await findUnusedBootFiles(directory, keep)) {
        await rm(path, { recursive: true, force: true });
      }
    }
  };

  const zeroMemoryPath: HostImages["zeroMemoryPath"] = async (memoryMb) => {
    const path = layout.zeroMemory(memoryMb);
    const isThere = await access(path).then(
      () => true,
      () => false,
    );
    if (isThere) return await attachReadOnly(path, memoryGroup(layout.instanceId));
    await withStaging(layout, "zero", async (staging) => {
      const aside = join(staging, basename(path));
      const handle = await open(aside, "w");
      try {
        await handle.truncate(memoryMb * MIB);
      } finally {
        await handle.close();
      }
      await chmod(aside, 0o444);
      await rename(aside, path);
    });
    return await attachReadOnly(path, memoryGroup(layout.instanceId));
  };

  const buildMinimalLayer: HostImages["buildMinimalLayer"] = async (report) => {
    const { path, downloadMs, buildMs } = await ensureMinimalImage(layout, report);
    if (buildMs > 0) {
      report(
        `root file system built in ${seconds(buildMs)} s, ${seconds(downloadMs)} s of download apart`,
        1,
      );
    }
    return await layers.adoptRaw(path);
  };

  return { currentBootFiles, bootFiles, sweepBootFiles, zeroMemoryPath, buildMinimalLayer };
};
