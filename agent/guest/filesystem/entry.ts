/** A file as clients see it. Synchronous: called with the user's rights. */
import { lstatSync, readlinkSync, type Stats, statSync } from "node:fs";
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

const targetStats = (path: string): Stats | undefined => {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    // A link whose target cannot be reached is still a link that can be shown.
    return undefined;
  }
};

/** The entry at `path`, a link itself rather than its target (but with its type). Throws errno errors. */
export const readEntry = (path: string, users: UserDirectory): EntryInit => {
  const stats = lstatSync(path);
  const isLink = stats.isSymbolicLink();
  const seconds = Math.floor(stats.mtimeMs / 1_000);
  return {
    name: basename(path) || "/",
    type: fileType(isLink ? targetStats(path) : stats),
    path,
    size: BigInt(stats.size),
    mode: stats.mode & PERMISSION_BITS,
    permissions: permissionText(stats),
    owner: users.userName(stats.uid),
    group: users.groupName(stats.gid),
    modifiedTime: { seconds: BigInt(seconds), nanos: Math.floor((stats.mtimeMs - seconds * 1_000) * 1e6) },
    symlinkTarget: isLink ? readlinkSync(path) : undefined,
    metadata: stats.isFile() || stats.isDirectory() ? readMetadata(path) : {},
  };
};
