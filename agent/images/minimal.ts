/**
 * Builds the root file system of the built-in template `minimal`: the host's own Debian release, from
 * the host's own mirrors, as one immutable raw ext4 image in the cache. Built once per host.
 */
import { access, chmod, mkdir, rename, rm, truncate } from "node:fs/promises";
import { dirname, join } from "node:path";

import { syncDirectory } from "../system/durable.ts";
import { runLines } from "../system/exec-lines.ts";
import { run } from "../system/exec.ts";
import { requireFreeSpace } from "../system/free-space.ts";
import { createBootstrapProgress } from "./bootstrap-progress.ts";
import { readDebianSources } from "./debian-sources.ts";
import type { Progress } from "./images.ts";
import type { Layout } from "./layout.ts";
import { DPKG_OPTIONS, FILES, PACKAGES, RECIPE_ID, REMOVED } from "./minimal-recipe.ts";
import { withStaging } from "./staging.ts";

const MIB = 2 ** 20;
const NEEDED_BYTES = 1_500 * MIB;
const BOOTSTRAP_DEADLINE_MS = 30 * 60_000;

/** In a mount and process namespace of its own: whatever ends the build or the agent, its mounts and processes end too. */
const bootstrapCommand = (
  tree: string,
  sources: Awaited<ReturnType<typeof readDebianSources>>,
  list: string,
) => [
  "setpriv",
  "--pdeathsig=KILL",
  "unshare",
  "--mount",
  "--pid",
  "--fork",
  "--kill-child",
  "mmdebstrap",
  "--verbose",
  "--mode=root",
  "--variant=apt",
  "--format=directory",
  `--include=${PACKAGES.join(",")}`,
  ...sources.aptOptions.map((option) => `--aptopt=${option}`),
  ...[...DPKG_OPTIONS, "force-unsafe-io"].map((option) => `--dpkgopt=${option}`),
  sources.suite,
  tree,
  list,
];

const finishTree = async (tree: string): Promise<void> => {
  await run(["chroot", tree, "useradd", "--create-home", "--uid", "1000", "--shell", "/bin/bash", "user"]);
  for (const path of REMOVED) await rm(join(tree, path), { recursive: true, force: true });
  for (const { path, content, mode } of FILES) {
    const target = join(tree, path);
    await mkdir(dirname(target), { recursive: true });
    await rm(target, { force: true });
    await Bun.write(target, content);
    await chmod(target, mode);
  }
};

/** Room for the content, the tables and a little more: the file system grows to the sandbox's disk at boot. */
const writeImage = async (tree: string, image: string): Promise<void> => {
  const [used] = (await run(["du", "-s", "-B1", tree])).split("\t");
  const sizeBytes = Math.ceil((Number(used) * 1.25 + 96 * MIB) / (64 * MIB)) * 64 * MIB;
  await Bun.write(image, "");
  await truncate(image, sizeBytes);
  // nothing is left for the guest to initialise in the background: that would dirty its disk and memory
  const options = [
    "-F",
    "-q",
    "-b",
    "4096",
    "-m",
    "1",
    "-E",
    "lazy_itable_init=0,lazy_journal_init=0,discard",
  ];
  await run(["mkfs.ext4", ...options, "-d", tree, image], { timeoutMs: 300_000 });
  await chmod(image, 0o444);
  await run(["sync", image], { timeoutMs: 300_000 });
};

export interface MinimalImage {
  path: string;
  /** Both zero when the image was there. */
  downloadMs: number;
  buildMs: number;
}

/** The raw image, built when it is not in the cache. Throws `DebianUnavailable`, `DiskFull`, `CommandFailed`. */
export const ensureMinimalImage = async (layout: Layout, report: Progress): Promise<MinimalImage> => {
  const path = layout.cached(`minimal-${RECIPE_ID}.raw`);
  const isThere = await access(path).then(
    () => true,
    () => false,
  );
  if (isThere) return { path, downloadMs: 0, buildMs: 0 };
  await requireFreeSpace(layout.staging, NEEDED_BYTES);
  return await withStaging(layout, "minimal", async (staging) => {
    // apt's unprivileged downloader must pass through
    await chmod(staging, 0o711);
    const [tree, list, image] = [
      join(staging, "tree"),
      join(staging, "sources.list"),
      join(staging, "image"),
    ];
    const progress = createBootstrapProgress((step, fraction) => report(step, fraction * 0.95));
    progress.onLine("I: reading the package sources");
    const startedAt = performance.now();
    const sources = await readDebianSources();
    await Bun.write(list, `${sources.lines.join("\n")}\n`);
    await runLines(bootstrapCommand(tree, sources, list), {
      timeoutMs: BOOTSTRAP_DEADLINE_MS,
      environment: { DEBIAN_FRONTEND: "noninteractive", TMPDIR: staging },
      onLine: progress.onLine,
    });
    await finishTree(tree);
    report("writing the disk image", 0.96);
    await writeImage(tree, image);
    await rename(image, path);
    await syncDirectory(layout.cache);
    report("root file system ready", 1);
    const downloadMs = progress.downloadMs();
    return { path, downloadMs, buildMs: performance.now() - startedAt - downloadMs };
  });
};
