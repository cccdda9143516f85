/** Check of `doctor` for hardware virtualization, by booting a guest where a kernel is at hand. */
import { constants } from "node:fs";
import { access, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createLayout } from "../images/layout.ts";
import { chooseAccelerator } from "../vm/accelerator.ts";
import { readQemuVersion } from "../vm/open-runtime.ts";
import { type Check, type Finding, ok, warning } from "./check.ts";

const SLOW = "CPU work inside sandboxes is emulated and slow";

/** The kernel sandboxes boot with, once an agent has fetched it. */
const findKernel = async (directory: string): Promise<{ imagePath: string; digest: string } | null> => {
  const { kernels, kernelDirectory } = createLayout(directory);
  const [digest] = await readdir(kernels).catch(() => []);
  return digest === undefined ? null : { imagePath: join(kernelDirectory(digest), "vmlinuz"), digest };
};

/** Boots a guest for up to three seconds; everything it writes is in a folder that is removed. */
const tryBoot = async (kernel: { imagePath: string; digest: string }): Promise<Finding> => {
  const scratchDirectory = await mkdtemp(join(tmpdir(), "wrenn-doctor-"));
  try {
    const accelerator = await chooseAccelerator({
      mode: "auto",
      kernel,
      qemuVersion: await readQemuVersion(),
      cachePath: join(scratchDirectory, "answer.json"),
      scratchDirectory,
    });
    return accelerator === "kvm"
      ? ok("a guest boots on it")
      : warning(`is there, but a guest does not come up on it: ${SLOW}`, "enable nested virtualization");
  } finally {
    await rm(scratchDirectory, { recursive: true, force: true });
  }
};

export const kvm: Check = {
  name: "/dev/kvm",
  look: async ({ accelerator, directory }) => {
    if (accelerator === "tcg") return warning(`not used (WRENN_ACCEL=tcg): ${SLOW}`);
    const isThere = await access("/dev/kvm", constants.R_OK | constants.W_OK).then(
      () => true,
      () => false,
    );
    if (!isThere)
      return warning(`is not there: ${SLOW}`, "use a machine with hardware virtualization for speed");
    try {
      const kernel = await findKernel(directory);
      return kernel === null
        ? ok("is there; whether guests run on it is tested at the agent's first start")
        : await tryBoot(kernel);
    } catch (error) {
      return warning(`could not be tested (${error instanceof Error ? error.message : String(error)})`);
    }
  },
};
