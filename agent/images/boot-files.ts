/** Makes the kernel, the initial RAM disk and the guest drive that new sandboxes boot with. */
import { access } from "node:fs/promises";

import { ensureGuestDrive } from "./guest-drive.ts";
import type { BootFiles } from "./images.ts";
import { ensureKernel, type Kernel } from "./kernel.ts";
import type { Layout } from "./layout.ts";

/** A tool or file of the host is missing; the message names the package that brings it. */
export class HostToolMissing extends Error {
  override name = "HostToolMissing";
}

const findBusybox = async (): Promise<string> => {
  for (const path of ["/bin/busybox", "/usr/bin/busybox"]) {
    const isThere = await access(path).then(
      () => true,
      () => false,
    );
    if (isThere) return path;
  }
  throw new HostToolMissing("busybox is missing: install the package busybox-static");
};

export interface BootFilesOptions {
  layout: Layout;
  /** The compiled agent, usually this very program: `process.execPath`. */
  agentPath: string;
  /** True when guests run under software emulation. */
  emulated: boolean;
  /** A kernel of the operator's own instead of the distribution's. */
  kernelPath?: string | undefined;
}

/** What the runtime is tried with; the guest drive takes far longer to make. */
export const ensureBootKernel = async ({
  layout,
  emulated,
  kernelPath,
}: Omit<BootFilesOptions, "agentPath">): Promise<Kernel> =>
  ensureKernel({ layout, busyboxPath: await findBusybox(), emulated, kernelPath });

/** Reuses what is there; `downloadMs` is the part that waited for the network. */
export const ensureBootFiles = async (
  options: BootFilesOptions,
): Promise<BootFiles & { downloadMs: number }> => {
  const { layout, agentPath } = options;
  const [kernel, drive] = await Promise.all([
    ensureBootKernel(options),
    ensureGuestDrive({ layout, agentPath, busyboxPath: await findBusybox() }),
  ]);
  return {
    kernelDigest: kernel.digest,
    kernel: kernel.spec,
    guestDriveDigest: drive.digest,
    guestDrivePath: drive.path,
    downloadMs: kernel.downloadMs,
  };
};
