/**
 * The read-only drive every sandbox has beside its disk: the guest agent, the libraries it needs, static
 * busybox and pid 1. Images need nothing added, whatever libc they have, and a new agent needs no new
 * templates. A drive is named by its content; old ones stay while a snapshot refers to them.
 *
 * By the content of the image, not of the files in it: a saved guest has some of the image in its memory,
 * and two images of the same files differ in ids, checksums and the places of blocks.
 */
import { createHash } from "node:crypto";
import {
  access,
  chmod,
  copyFile,
  mkdir,
  open,
  readFile,
  rename,
  stat,
  truncate,
  writeFile,
} from "node:fs/promises";
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
  /** What it holds, or the file it is a copy of. */
  source: Buffer | string;
}

/** Of an executable: enough for its header and the name of its interpreter, which stand at its beginning. */
const readHead = async (path: string): Promise<Buffer> =>
  Buffer.from(await Bun.file(path).slice(0, MIB).arrayBuffer());

const AGENT = "wrenn-agent";

/** Sorted by path, so that the same inputs give the same digest. */
const collectFiles = async (agentPath: string, busyboxPath: string): Promise<DriveFile[]> => {
  const interpreter = readInterpreter(await readHead(agentPath));
  const resizePath = Bun.which("resize2fs") ?? "/sbin/resize2fs";
  const needed = await Promise.all(
    [agentPath, resizePath].map((executable) => findSharedLibraries(executable, interpreter)),
  );
  const libraries = new Map(needed.flatMap(({ paths }) => [...paths]));
  const files: [path: string, mode: number, source: DriveFile["source"]][] = [
    [AGENT, 0o755, agentPath],
    ["pid1", 0o755, Buffer.from(PID1_SCRIPT)],
    ["bin/busybox", 0o755, busyboxPath],
    ["bin/resize2fs", 0o755, resizePath],
    ...needed.slice(0, 1).map(({ loaderPath }): [string, number, string] => ["ld.so", 0o755, loaderPath]),
    ...[...libraries].map(([name, path]): [string, number, string] => [`lib/${name}`, 0o644, path]),
  ];
  return files
    .map(([path, mode, source]) => ({ path, mode, source }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
};

/** At every start of the agent, whose own hundred megabytes are among them: none is read whole. */
const digestOf = async (files: DriveFile[]): Promise<string> => {
  const hash = createHash("sha256").update(DRIVE_MOUNT);
  for (const { path, mode, source } of files) {
    const content = typeof source === "string" ? await sha256Files(source) : source;
    hash.update(`\0${path}\0${mode}\0`).update(content);
  }
  return hash.digest("hex");
};

const sizeOf = async ({ source }: DriveFile): Promise<number> =>
  typeof source === "string" ? (await stat(source)).size : source.byteLength;

/** The loader comes from the drive, whatever libc the image has. */
const useLoaderOfDrive = async (executable: string): Promise<void> => {
  const head = await readHead(executable);
  replaceInterpreter(head, `${DRIVE_MOUNT}/ld.so`);
  const handle = await open(executable, "r+");
  try {
    await handle.write(head, 0, head.byteLength, 0);
  } finally {
    await handle.close();
  }
};

const writeTree = async (files: DriveFile[], tree: string): Promise<void> => {
  for (const { path, mode, source } of files) {
    const target = join(tree, path);
    await mkdir(dirname(target), { recursive: true });
    await (typeof source === "string" ? copyFile(source, target) : writeFile(target, source));
    await chmod(target, mode);
  }
  await useLoaderOfDrive(join(tree, AGENT));
  await chmod(tree, 0o755);
};

const writeImage = async (files: DriveFile[], contentBytes: number, staging: string): Promise<string> => {
  const tree = join(staging, "tree");
  const image = join(staging, "drive");
  await writeTree(files, tree);
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
  const record = layout.cached(`drive-${await digestOf(files)}`);
  const made = await findMade(layout, record);
  if (made !== null) return { digest: made, path: layout.drive(made) };
  const sizes = await Promise.all(files.map(sizeOf));
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  await requireFreeSpace(layout.staging, 2 * bytes);
  return await withStaging(layout, "drive", async (staging) => {
    const image = await writeImage(files, bytes, staging);
    const digest = await sha256Files(image);
    const path = layout.drive(digest);
    await rename(image, path);
    await syncDirectory(layout.drives);
    await writeDurably(record, digest);
    return { digest, path };
  });
};
