/** Picks the kernel modules a sandbox needs out of a kernel package, in the order they must be loaded. */
import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";

import { run } from "../system/exec.ts";

/** What brings up disks, network and entropy of a microVM, and the root file system. */
const WANTED = ["virtio_mmio", "virtio_blk", "virtio_net", "virtio_rng", "ext4"];

const FILE = /^(?<name>.+)\.ko(\.xz|\.zst|\.gz)?$/;

/** The kernel treats `-` and `_` in module names alike. */
const moduleName = (path: string): string =>
  (FILE.exec(basename(path))?.groups?.["name"] ?? "").replaceAll("-", "_");

const readModule = async (path: string): Promise<Uint8Array> => {
  const bytes = await readFile(path);
  if (path.endsWith(".zst")) return await Bun.zstdDecompress(bytes);
  if (path.endsWith(".gz")) return Bun.gunzipSync(bytes);
  if (!path.endsWith(".xz")) return bytes;
  // stays a file on its way through the tool: the output is binary
  const plain = path.slice(0, -".xz".length);
  await run(["busybox", "unxz", "-k", "-f", path]);
  return await readFile(plain);
};

/** `depends=a,b` of the module's `.modinfo` section. */
const dependenciesOf = (content: Uint8Array): string[] => {
  const marker = Buffer.from("\0depends=");
  const buffer = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  const start = buffer.indexOf(marker);
  if (start < 0) return [];
  const end = buffer.indexOf(0, start + marker.length);
  const list = buffer.toString("latin1", start + marker.length, end);
  return list === "" ? [] : list.split(",").map((name) => name.replaceAll("-", "_"));
};

export interface KernelModule {
  /** File name for the initial RAM disk: plain, uncompressed `.ko`. */
  fileName: string;
  content: Uint8Array;
}

/**
 * Reads the wanted modules and everything they depend on, dependencies first. What is built into the
 * kernel has no file and is left out.
 * @param directory `lib/modules/{version}` of the unpacked package
 */
export const readKernelModules = async (directory: string): Promise<KernelModule[]> => {
  const files = new Map<string, string>();
  for (const entry of await readdir(directory, { recursive: true })) {
    if (FILE.test(entry)) files.set(moduleName(entry), join(directory, entry));
  }
  const loaded = new Map<string, KernelModule>();
  const load = async (name: string): Promise<void> => {
    const path = files.get(name);
    if (path === undefined || loaded.has(name)) return;
    const content = await readModule(path);
    for (const dependency of dependenciesOf(content)) await load(dependency);
    loaded.set(name, { fileName: `${name}.ko`, content });
  };
  for (const name of WANTED) await load(name);
  return [...loaded.values()];
};
