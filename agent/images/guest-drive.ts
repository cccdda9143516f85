/**
 * The read-only drive every sandbox has beside its disk: the guest agent, the libraries it needs, static
 * busybox and pid 1. Images need nothing added, whatever libc they have, and a new agent needs no new
 * templates. A drive is named by its content; old ones stay while a snapshot refers to them.
 *
 * By the content of the image, not of the files in it: a saved guest has some of the image in its memory,
 * and two images of the same files differ in ids, checksums and the places of blocks.
 */
import { createHash } from "node:crypto";
import { access, chmod, mkdir, readFile, rename, truncate } from "node:fs/promises";
import { dirname, join } from "node:path";

import { sha256Files } from "../system/digest.ts";
import { syncDirectory, writeDurably } from "../system/durable.ts";
import { run } from "../system/exec.ts";
import { requireFreeSpace } from "../system/free-space.ts";
import { readInterpreter, replaceInterpreter } from "./elf.ts";
import { DRIVE_MOUNT, PID1_SCRIPT } from "./guest-init.ts";
import { isDigest, type Layout } from "./layout.ts";
import { findSharedLibraries } from "./shared-libraries.ts";
import { withStaging } from "./staging.ts";

const MIB = 2 ** 20;
/** Free space the file system's own tables need, generously. */
const OVERHEAD_BYTES = 8 * MIB;

interface DriveFile {
  path: string;
  mode: number;
  content: Uint8Array;
}

/** Sorted by path, so that the same inputs give the same digest. */
const collectFiles = async (agentPath: string, busyboxPath: string): Promise<DriveFile[]> => {
  const agent = await readFile(agentPath);
  const interpreter = readInterpreter(agent);
  replaceInterpreter(agent, `${DRIVE_MOUNT}/ld.so`);
  const resizePath = Bun.which("resize2fs") ?? "/sbin/resize2fs";
  const needed = await Promise.all(
    [agentPath, resizePath].map((executable) => findSharedLibraries(executable, interpreter)),
  );
  const libraries = new Map(needed.flatMap(({ paths }) => [...paths]));
  const sources: [path: string, mode: number, source: string | Uint8Array][] = [
    ["wrenn-agent", 0o755, agent],
    ["pid1", 0o755, Buffer.from(PID1_SCRIPT)],
    ["bin/busybox", 0o755, busyboxPath],
    ["bin/resize2fs", 0o755, resizePath],
    ...needed.slice(0, 1).map(({ loaderPath }): [string, number, string] => ["ld.so", 0o755, loaderPath]),
    ...[...libraries].map(([name, path]): [string, number, string] => [`lib/${name}`, 0o644, path]),
  ];
  const files = await Promise.all(
    sources.map(async ([path, mode, source]) => ({
      path,
      mode,
      content: typeof source === "string" ? await readFile(source) : source,
    })),
  );
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
};

const digestOf = (files: DriveFile[]): string => {
  const hash = createHash("sha256");
  for (const { path, mode, content } of files) {
    hash.update(`${path}\0${mode}\0${content.byteLength}\0`).update(content);
  }
  return hash.digest("hex");
};

const writeImage = async (files: DriveFile[], staging: string): Promise<string> => {
  const tree = join(staging, "tree");
  const image = join(staging, "drive");
  for (const { path, mode, content } of files) {
    await mkdir(dirname(join(tree, path)), { recursive: true });
    await Bun.write(join(tree, path), content);
    await chmod(join(tree, path), mode);
  }
  await chmod(tree, 0o755);
  const contentBytes = files.reduce((sum, { content }) => sum + content.byteLength, 0);
  await Bun.write(image, "");
  await truncate(image, Math.ceil((contentBytes + OVERHEAD_BYTES) / MIB) * MIB);
  const options = [
    "-F",
    "-q",
    "-O",
    "^has_journal,^resize_inode",
    "-m",
    "0",
    "-N",
    "64",
    "-E",
    "root_owner=0:0",
  ];
  await run(["mkfs.ext4", ...options, "-d", tree, image], { timeoutMs: 120_000 });
  await chmod(image, 0o444);
  await run(["sync", image], { timeoutMs: 120_000 });
  return image;
};

export interface GuestDriveOptions {
  layout: Layout;
  /** The compiled agent: an ordinary dynamic executable. */
  agentPath: string;
  busyboxPath: string;
}

/** The image made of these files before; null when there is none any more. */
const findMade = async (layout: Layout, record: string): Promise<string | null> => {
  const digest = (await readFile(record, "utf8").catch(() => "")).trim();
  if (!isDigest(digest)) return null;
  return access(layout.drive(digest)).then(
    () => digest,
    () => null,
  );
};

/** Builds the drive unless it is there. Throws `UnusableExecutable`, `DiskFull`. */
export const ensureGuestDrive = async (
  options: GuestDriveOptions,
): Promise<{ digest: string; path: string }> => {
  const { layout, agentPath, busyboxPath } = options;
  const files = await collectFiles(agentPath, busyboxPath);
  const record = layout.cached(`drive-${digestOf(files)}`);
  const made = await findMade(layout, record);
  if (made !== null) return { digest: made, path: layout.drive(made) };
  const bytes = files.reduce((sum, { content }) => sum + content.byteLength, 0);
  await requireFreeSpace(layout.staging, 2 * bytes);
  return await withStaging(layout, "drive", async (staging) => {
    const image = await writeImage(files, staging);
    const digest = await sha256Files(image);
    const path = layout.drive(digest);
    await rename(image, path);
    await syncDirectory(layout.drives);
    await writeDurably(record, digest);
    return { digest, path };
  });
};
