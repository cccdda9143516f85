/**
 * Every path under WRENN_DIR is built here and nowhere else. Names that come from outside (ids, digests)
 * are checked first, so that no path can leave the root.
 *
 * Directories are searchable by everyone (0711): a sandbox's VM runs under an unprivileged uid and must
 * reach its own files by name, but cannot list anything. Secrets are files of mode 0600.
 */
import { createHash } from "node:crypto";
import { chmod, mkdir, realpath, stat } from "node:fs/promises";
import { dirname, join } from "node:path";

import { isUuid } from "../../proto/ids.ts";
import { OperatorNeeded } from "../errors.ts";

const DIGEST = /^[0-9a-f]{64}$/;
const CACHE_NAME = /^[a-z0-9][a-z0-9._-]{0,127}$/;

/** True for a lower-case SHA-256 in hex. */
export const isDigest = (text: string): boolean => DIGEST.test(text);

/** An id, digest or name that cannot be part of a path. It is quoted: it may come from outside. */
export class BadPathName extends Error {
  override name = "BadPathName";
  constructor(kind: string, value: string) {
    super(`${JSON.stringify(value.slice(0, 100))} is not a valid ${kind}`);
  }
}

const uuid = (value: string): string => {
  if (!isUuid(value)) throw new BadPathName("id", value);
  return value;
};

const digest = (value: string): string => {
  if (!isDigest(value)) throw new BadPathName("digest", value);
  return value;
};

/** A layer is a raw image named by its digest (the bottom of a disk) or a qcow2 file named by a UUID. */
const layerFile = (value: string): string =>
  isDigest(value) ? `${value}.raw` : isUuid(value) ? `${value}.qcow2` : digest(value);

const cacheName = (value: string): string => {
  if (!CACHE_NAME.test(value) || value.includes("..")) throw new BadPathName("cache file name", value);
  return value;
};

/** Inside the directory of a sandbox or a spare. */
export const VM_DIRECTORY = "vm";

export interface Layout {
  /** Absolute, symbolic links resolved. */
  readonly root: string;
  /** Six hex digits that set this WRENN_DIR's namespaces, uids and tables apart from another's. */
  readonly instanceId: string;
  readonly lockFile: string;
  readonly credentialsFile: string;
  /** There while the host is drained. */
  readonly drainFile: string;
  readonly templates: string;
  readonly sandboxes: string;
  readonly layers: string;
  readonly kernels: string;
  readonly drives: string;
  readonly cache: string;
  /** Work in progress: emptied when the agent starts. */
  readonly staging: string;
  readonly templateDirectory: (teamId: string, templateId: string) => string;
  readonly sandboxDirectory: (sandboxId: string) => string;
  readonly sandboxJournal: (sandboxId: string) => string;
  /** The running VM's own directory, root's alone: control socket, device state, what the VMM printed. */
  readonly sandboxVmDirectory: (sandboxId: string) => string;
  /** Of a machine that no sandbox has had yet; takes the place of a sandbox's directory by a rename. */
  readonly spareDirectory: (id: string) => string;
  readonly layer: (layerId: string) => string;
  readonly kernelDirectory: (digest: string) => string;
  readonly drive: (digest: string) => string;
  readonly cached: (name: string) => string;
  /** An all-holes file: what a cold boot maps as its base memory. */
  readonly zeroMemory: (memoryMb: number) => string;
}

/** First six hex digits of the SHA-256 of the root's real path. */
export const instanceIdOf = (realRoot: string): string =>
  createHash("sha256").update(realRoot).digest("hex").slice(0, 6);

/** @param root absolute path, symbolic links already resolved */
export const createLayout = (root: string): Layout => {
  const templates = join(root, "images", "teams");
  const [sandboxes, layers, kernels, drives, cache, staging] = [
    join(root, "sandboxes"),
    join(root, "layers"),
    join(root, "kernels"),
    join(root, "drives"),
    join(root, "cache"),
    join(root, "staging"),
  ];
  const sandboxDirectory = (id: string) => join(sandboxes, uuid(id));
  return {
    root,
    instanceId: instanceIdOf(root),
    lockFile: join(root, "agent.lock"),
    credentialsFile: join(root, "host-credentials.json"),
    drainFile: join(root, "draining"),
    templates,
    sandboxes,
    layers,
    kernels,
    drives,
    cache,
    staging,
    templateDirectory: (teamId, templateId) => join(templates, uuid(teamId), uuid(templateId)),
    sandboxDirectory,
    sandboxJournal: (id) => join(sandboxDirectory(id), "journal.json"),
    sandboxVmDirectory: (id) => join(sandboxDirectory(id), VM_DIRECTORY),
    spareDirectory: (id) => join(staging, `spare-${uuid(id)}`),
    layer: (id) => join(layers, layerFile(id)),
    kernelDirectory: (value) => join(kernels, digest(value)),
    drive: (value) => join(drives, `${digest(value)}.ext4`),
    cached: (name) => join(cache, cacheName(name)),
    zeroMemory: (memoryMb) => join(cache, cacheName(`zero-${memoryMb}.mem`)),
  };
};

/** WRENN_DIR cannot hold sandboxes; the message says what to change. */
export class UnusableDirectory extends OperatorNeeded {
  override name = "UnusableDirectory";
}

/** Jailed VMs reach their files by name: each directory from `/` down to the root needs `x` for others. */
const requireTraversable = async (root: string): Promise<void> => {
  for (let path = root; ; path = dirname(path)) {
    const { mode } = await stat(path);
    if ((mode & 0o001) === 0) {
      throw new UnusableDirectory(
        `${path} cannot be passed through by other users, so sandboxes could not reach their disks under ` +
          `${root}: run \`chmod o+x ${path}\` or set WRENN_DIR to another place, such as /var/lib/wrenn`,
      );
    }
    if (path === dirname(path)) return;
  }
};

/** The layout of a directory that is there already. Throws `UnusableDirectory`. */
export const existingLayout = async (directory: string): Promise<Layout> => {
  const root = await realpath(directory).catch((cause: unknown) => {
    throw new UnusableDirectory(`${directory} is not there: say which directory with --dir`, { cause });
  });
  return createLayout(root);
};

/**
 * Creates what is missing under `directory` and sets the modes. Throws `UnusableDirectory` when a parent
 * keeps other users out.
 */
export const openLayout = async (directory: string): Promise<Layout> => {
  await mkdir(directory, { recursive: true, mode: 0o711 });
  const layout = createLayout(await realpath(directory));
  const { root, templates, sandboxes, layers, kernels, drives, cache, staging } = layout;
  for (const path of [
    root,
    dirname(templates),
    templates,
    sandboxes,
    layers,
    kernels,
    drives,
    cache,
    staging,
  ]) {
    await mkdir(path, { recursive: true, mode: 0o711 });
    await chmod(path, 0o711);
  }
  await requireTraversable(root);
  return layout;
};
