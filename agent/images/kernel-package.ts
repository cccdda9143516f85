/**
 * Fetches the distribution's cloud kernel as a package and unpacks it beside the host's own: nothing is
 * installed, and a later upgrade of the host changes nothing under existing snapshots.
 */
import { access, mkdir, readdir, rename } from "node:fs/promises";
import { join } from "node:path";

import { syncDirectory } from "../system/durable.ts";
import { runLines } from "../system/exec-lines.ts";
import { CommandFailed, run } from "../system/exec.ts";
import { requireFreeSpace } from "../system/free-space.ts";
import { readKernelModules } from "./kernel-modules.ts";
import type { Layout } from "./layout.ts";
import { withStaging } from "./staging.ts";

const METAPACKAGE = "linux-image-cloud-amd64";
const SOURCE_NAME = "kernel-source";
const UNPACKED_BYTES = 200 * 2 ** 20;

/** The package with the kernel cannot be had; the message says what to do. */
export class KernelUnavailable extends Error {
  override name = "KernelUnavailable";
}

/** `linux-image-6.1.0-56-cloud-amd64=6.1.192-2`, as the metapackage depends on it; null when apt knows none. */
const findPackage = async (): Promise<string | null> => {
  const show = await run(["apt-cache", "show", "--no-all-versions", METAPACKAGE]).catch((error: unknown) => {
    if (error instanceof CommandFailed && error.exitCode === 100) return "";
    throw error;
  });
  const depends = /^Depends: (?<name>linux-image-[\w.+-]+)(?: \(= (?<version>[^)]+)\))?/m.exec(show)?.groups;
  const name = depends?.["name"];
  if (name === undefined) return null;
  const version = depends?.["version"];
  return version === undefined ? name : `${name}=${version}`;
};

const fetchPackage = async (directory: string): Promise<string> => {
  let name = await findPackage();
  if (name === null) {
    await runLines(["apt-get", "update"], { timeoutMs: 300_000 });
    name = await findPackage();
  }
  if (name === null) {
    throw new KernelUnavailable(
      `apt knows no package ${METAPACKAGE}: add Debian's main archive to the apt sources, or give a kernel ` +
        "of your own with WRENN_KERNEL",
    );
  }
  await runLines(["apt-get", "download", name], { timeoutMs: 600_000, cwd: directory });
  const file = (await readdir(directory)).find((entry) => entry.endsWith(".deb"));
  if (file === undefined) throw new KernelUnavailable(`apt-get download ${name} left no package behind`);
  return join(directory, file);
};

export interface KernelSource {
  /** Holds `vmlinuz` and `modules/NN-name.ko`, in load order. */
  directory: string;
  /** Zero when it was there already. */
  downloadMs: number;
}

/** The unpacked kernel in the cache; fetched when missing. Throws `KernelUnavailable`, `DiskFull`. */
export const ensureKernelSource = async (layout: Layout): Promise<KernelSource> => {
  const directory = layout.cached(SOURCE_NAME);
  const isThere = await access(directory).then(
    () => true,
    () => false,
  );
  if (isThere) return { directory, downloadMs: 0 };
  await requireFreeSpace(layout.staging, UNPACKED_BYTES);
  return await withStaging(layout, "kernel", async (staging) => {
    const startedAt = performance.now();
    const file = await fetchPackage(staging);
    const downloadMs = performance.now() - startedAt;
    const tree = join(staging, "tree");
    await run(["dpkg-deb", "-x", file, tree], { timeoutMs: 120_000 });
    const image = (await readdir(join(tree, "boot"))).find((entry) => entry.startsWith("vmlinuz-"));
    // from Debian 13 on the modules are under /usr
    const roots = [join(tree, "usr/lib/modules"), join(tree, "lib/modules")];
    const versions = await Promise.all(
      roots.map(async (root) => (await readdir(root).catch(() => [])).map((entry) => join(root, entry))),
    );
    const [modulesDirectory] = versions.flat();
    if (image === undefined || modulesDirectory === undefined) {
      throw new KernelUnavailable(`${file} holds no kernel image or no modules`);
    }
    const source = join(staging, "source");
    await mkdir(join(source, "modules"), { recursive: true });
    await rename(join(tree, "boot", image), join(source, "vmlinuz"));
    for (const [index, module] of (await readKernelModules(modulesDirectory)).entries()) {
      const name = `${String(index).padStart(2, "0")}-${module.fileName}`;
      await Bun.write(join(source, "modules", name), module.content);
    }
    await run(["sync", "-f", source], { timeoutMs: 120_000 });
    await rename(source, directory);
    await syncDirectory(layout.cache);
    return { directory, downloadMs };
  });
};
