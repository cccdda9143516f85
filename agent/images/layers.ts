/** Disk layers as files under `layers/`: one raw image at the bottom, qcow2 files on top of each other. */
import { access, chmod, chown, link, open, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, join } from "node:path";

import { sha256Files } from "../system/digest.ts";
import { syncDirectory } from "../system/durable.ts";
import { run } from "../system/exec.ts";
import { requireFreeSpace } from "../system/free-space.ts";
import { BlankDisks } from "./blank-disks.ts";
import { DiskTooSmall, type LayerStore } from "./images.ts";
import { isDigest, type Layout } from "./layout.ts";
import { withStaging } from "./staging.ts";

const MIB = 2 ** 20;
/** What a sandbox must find free to begin with; its own writes are watched by admission. */
const FIRST_WRITES_BYTES = 64 * MIB;
/** Offset and length of the virtual size in a qcow2 header (QEMU docs/interop/qcow2.txt). */
const QCOW2_SIZE_OFFSET = 24;

/** For a copy of all that a disk holds. */
const FLATTEN_MS = 15 * 60_000;

const RAW_SUFFIX = ".raw";

const formatOf = (layerId: string): "raw" | "qcow2" => (isDigest(layerId) ? "raw" : "qcow2");

const syncFile = async (path: string): Promise<void> => {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

export const createLayerStore = (layout: Layout): LayerStore => {
  const path = (layerId: string) => layout.layer(layerId);
  const blanks = new BlankDisks();

  const virtualBytes = async (layerId: string): Promise<number> => {
    if (formatOf(layerId) === "raw") return (await stat(path(layerId))).size;
    const handle = await open(path(layerId), "r");
    try {
      const { buffer } = await handle.read(Buffer.alloc(8), 0, 8, QCOW2_SIZE_OFFSET);
      return Number(buffer.readBigUInt64BE());
    } finally {
      await handle.close();
    }
  };

  const top = (layers: string[]): string => {
    const layerId = layers.at(-1);
    if (layerId === undefined) throw new Error("a disk needs at least one layer to stand on");
    return layerId;
  };

  const create: LayerStore["create"] = async (below, { diskSizeMb, uid }) => {
    const base = top(below);
    const bytes = diskSizeMb * MIB;
    const leastBytes = await virtualBytes(base);
    if (bytes < leastBytes) throw new DiskTooSmall(diskSizeMb, Math.ceil(leastBytes / MIB));
    await requireFreeSpace(layout.layers, FIRST_WRITES_BYTES);
    const layerId = crypto.randomUUID();
    const target = path(layerId);
    try {
      // a relative name: WRENN_DIR may be moved as a whole
      const backing = { backingName: basename(path(base)), backingFormat: formatOf(base) };
      await blanks.make(target, { ...backing, sizeBytes: bytes });
      await chmod(target, 0o600);
      await chown(target, uid, uid);
      await syncFile(target);
      await syncDirectory(layout.layers);
    } catch (error) {
      await rm(target, { force: true });
      throw error;
    }
    return layerId;
  };

  const freeze: LayerStore["freeze"] = async (layerId) => {
    await chown(path(layerId), 0, 0);
    await chmod(path(layerId), 0o444);
    await syncFile(path(layerId));
  };

  /** A file that was taken in before is the same file under two names: no need to read it again. */
  const findAdopted = async (rawPath: string): Promise<string | null> => {
    const { dev, ino } = await stat(rawPath);
    for (const name of await readdir(layout.layers)) {
      if (!name.endsWith(RAW_SUFFIX)) continue;
      const layer = await stat(join(layout.layers, name)).catch(() => null);
      if (layer?.ino === ino && layer.dev === dev) return name.slice(0, -RAW_SUFFIX.length);
    }
    return null;
  };

  const adoptRaw: LayerStore["adoptRaw"] = async (rawPath) => {
    const adopted = await findAdopted(rawPath);
    if (adopted !== null) return adopted;
    const layerId = await sha256Files(rawPath);
    if (await exists(path(layerId))) return layerId;
    await chown(rawPath, 0, 0);
    await chmod(rawPath, 0o444);
    await syncFile(rawPath);
    await link(rawPath, path(layerId)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    });
    await syncDirectory(layout.layers);
    return layerId;
  };

  const sizeBytes: LayerStore["sizeBytes"] = async (layerId) => (await stat(path(layerId))).blocks * 512;

  /** A new top whose old backing is copied into it, as far as it differs from the layer it is to stand on. */
  const mergeAbove = async (base: string, layers: string[], aside: string, signal: AbortSignal) => {
    const file = ["-q", "-f", "qcow2"];
    const on = (layerId: string, name: string) => ["-b", name, "-F", formatOf(layerId), aside];
    await run(["qemu-img", "create", ...file, ...on(top(layers), path(top(layers)))]);
    const timeoutMs = FLATTEN_MS;
    await run(["qemu-img", "rebase", ...file, ...on(base, path(base))], { timeoutMs, signal });
    // Only the name changes: relative to where the layer will be.
    await run(["qemu-img", "rebase", "-u", ...file, ...on(base, basename(path(base)))]);
  };

  const flatten: LayerStore["flatten"] = async (layers, { keep, signal }) => {
    const sizes = await Promise.all(layers.slice(keep).map(sizeBytes));
    await requireFreeSpace(
      layout.layers,
      sizes.reduce((sum, size) => sum + size, 0),
    );
    const base = layers.slice(0, keep).at(-1);
    const layerId = crypto.randomUUID();
    await withStaging(layout, "flatten", async (staging) => {
      const aside = join(staging, "layer");
      if (base === undefined) {
        const source = ["-f", formatOf(top(layers)), path(top(layers))];
        const argv = ["qemu-img", "convert", "-O", "qcow2", ...source, aside];
        await run(argv, { timeoutMs: FLATTEN_MS, signal });
      } else {
        await mergeAbove(base, layers, aside, signal);
      }
      await chmod(aside, 0o444);
      await syncFile(aside);
      await rename(aside, path(layerId));
      await syncDirectory(layout.layers);
    });
    return layerId;
  };

  const sweep: LayerStore["sweep"] = async (keep) => {
    const kept = new Set([...keep].map((layerId) => basename(path(layerId))));
    for (const name of await readdir(layout.layers)) {
      if (!kept.has(name)) await rm(join(layout.layers, name), { force: true });
    }
  };

  return {
    path,
    create,
    freeze,
    adoptRaw,
    flatten,
    sizeBytes,
    sweep,
    chown: async (layerId, uid) => chown(path(layerId), uid, uid),
    remove: async (layerId) => rm(path(layerId), { force: true }),
  };
};
