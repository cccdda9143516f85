/** A file as clients see it. Synchronous: called with the user's rights. */
import { lstatSync, realpathSync, type Stats, statSync } from "node:fs";
import { basename } from "node:path";

import type { MessageInitShape } from "@bufbuild/protobuf";

import { type EntryInfoSchema, FileType } from "../../../proto/gen/filesystem/filesystem_pb.ts";
import { readMetadata } from "../system/xattr.ts";
import type { UserDirectory } from "../users.ts";

export type EntryInit = MessageInitShape<typeof EntryInfoSchema>;

const PERMISSION_BITS = 0o777;
const SET_UID = 0o4000;
const SET_GID = 0o2000;
const STICKY = 0o1000;

/** The letter before the permissions: Go's, since envd's clients show it as it comes. */
const typeLetters = (stats: Stats): string => {
  if (stats.isSymbolicLink()) return "L";
  if (stats.isDirectory()) return "d";
  if (stats.isFIFO()) return "p";
  if (stats.isSocket()) return "S";
  if (stats.isCharacterDevice()) return "Dc";
  if (stats.isBlockDevice()) return "D";
  return "-";
};

/** `drwxr-xr-x`; set-uid, set-gid and sticky as further letters in front (`dtrwxrwxrwx`). */
export const permissionText = (stats: Stats): string => {
  const special = `${stats.mode & SET_UID ? "u" : ""}${stats.mode & SET_GID ? "g" : ""}${stats.mode & STICKY ? "t" : ""}`;
  const letters = "rwxrwxrwx";
  const bits = Array.from(letters, (letter, index) => (stats.mode & (0o400 >> index) ? letter : "-")).join(
    "",
  );
  const type = typeLetters(stats);
  return `${type === "-" && special !== "" ? "" : type}${special}${bits}`;
};

const fileType = (stats: Stats | undefined): FileType => {
  if (stats?.isDirectory()) return FileType.DIRECTORY;
  if (stats?.isFile()) return FileType.FILE;
  return FileType.UNSPECIFIED;
};

interface LinkTarget {
  path: string;
  stats: Stats;
}

/** Where a link leads in the end; undefined when it leads nowhere, or where this user may not look. */
const targetOf = (link: string): LinkTarget | undefined => {
  try {
    return { path: realpathSync(link), stats: statSync(link) };
  } catch {
    // A link whose target cannot be reached is still a link that can be shown.
    return undefined;
  }
};

/**
 * The entry at `path`: a link itself, with type and mode of its target. Clients know links by `symlinkTarget`:
 * the resolved path, or the link's own when there is none. Throws errno errors.
 */
export const readEntry = (path: string, users: UserDirectory): EntryInit => {
  const stats = lstatSync(path);
  const isLink = stats.isSymbolicLink();
  const target = isLink ? targetOf(path) : undefined;
  const meant = isLink ? target?.stats : stats;
  const seconds = Math.floor(stats.mtimeMs / 1_000);
  return {
    name: basename(path) || "/",
    type: fileType(meant),
    path,
    size: BigInt(stats.size),
    mode: (meant?.mode ?? 0) & PERMISSION_BITS,
    permissions: permissionText(stats),
    owner: users.userName(stats.uid),
    group: users.groupName(stats.gid),
    modifiedTime: { seconds: BigInt(seconds), nanos: Math.floor((stats.mtimeMs - seconds * 1_000) * 1e6) },
    symlinkTarget: isLink ? (target?.path ?? path) : undefined,
    metadata: stats.isFile() || stats.isDirectory() ? readMetadata(path) : {},
  };
};
