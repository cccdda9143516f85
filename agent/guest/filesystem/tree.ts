/** Whole trees: listed in order, removed from the leaves, made from the top. All with the user's rights. */
import { lstatSync, mkdirSync, readdirSync, rmdirSync, statSync, unlinkSync } from "node:fs";
import { dirname, join } from "node:path";

import { errnoOf } from "../errors.ts";
import { asUser } from "../system/credentials.ts";
import type { User, UserDirectory } from "../users.ts";
import { type EntryInit, readEntry } from "./entry.ts";
import { Turns } from "./slices.ts";

/** Beyond this an answer would not fit a message; listing is refused rather than cut. */
export const MAX_LISTED_ENTRIES = 200_000;

export class TooManyEntries extends Error {
  override name = "TooManyEntries";
}

const GONE = new Set(["ENOENT", "ENOTDIR"]);

const isGone = (error: unknown): boolean => GONE.has(errnoOf(error) ?? "");

interface Level {
  names: string[];
  directory: string;
  depth: number;
}

const byName = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/**
 * Entries below `root` down to `depth` levels, depth first, names in byte order; links are not entered.
 * A directory this user may not read is listed, not entered. What vanishes meanwhile is left out.
 */
export const listTree = async (options: {
  root: string;
  depth: number;
  user: User;
  users: UserDirectory;
  signal: AbortSignal;
}): Promise<EntryInit[]> => {
  const { root, depth, user, users, signal } = options;
  const turns = new Turns(signal);
  const entries: EntryInit[] = [];
  const levels: Level[] = [];
  const enter = (directory: string, level: number): void => {
    levels.push({ directory, depth: level, names: readdirSync(directory).sort(byName).toReversed() });
  };
  const visitOne = (): void => {
    const level = levels.at(-1);
    const name = level?.names.pop();
    if (level === undefined || name === undefined) {
      levels.pop();
      return;
    }
    const path = join(level.directory, name);
    try {
      const entry = readEntry(path, users);
      entries.push(entry);
      if (level.depth < depth && entry.symlinkTarget === undefined && lstatSync(path).isDirectory()) {
        enter(path, level.depth + 1);
      }
    } catch (error) {
      if (!isGone(error) && errnoOf(error) !== "EACCES") throw error;
    }
  };
  asUser(user, () => enter(root, 1));
  while (levels.length > 0) {
    asUser(user, () => {
      while (levels.length > 0 && !turns.isOver) visitOne();
    });
    if (entries.length > MAX_LISTED_ENTRIES) throw new TooManyEntries();
    if (levels.length > 0) await turns.next();
  }
  return entries;
};

/** Names are bytes here: a file whose name is not UTF-8 can be removed, though it cannot be named. */
type RawPath = Buffer<ArrayBuffer>;

interface OpenDirectory {
  directory: RawPath;
  names: RawPath[];
  /** How often it has been emptied. */
  emptied: number;
}

const SLASH = Buffer.from("/");

/** A directory that others fill faster than it is emptied is left to them after this. */
const MAX_EMPTIED = 20;

/** Removes `path` and all below it; nothing there is fine. Throws the first errno error. */
export const removeTree = async (path: string, user: User, signal: AbortSignal): Promise<void> => {
  const turns = new Turns(signal);
  const open: OpenDirectory[] = [];
  const removeOne = (target: RawPath, emptied: number): void => {
    try {
      // Asked first: unlink of a directory may succeed for root on some file systems.
      if (!lstatSync(target).isDirectory()) {
        unlinkSync(target);
        return;
      }
      try {
        rmdirSync(target);
      } catch (error) {
        const isFull = errnoOf(error) === "ENOTEMPTY" || errnoOf(error) === "EEXIST";
        if (!isFull || emptied >= MAX_EMPTIED) throw error;
        open.push({ directory: target, names: readdirSync(target, { encoding: "buffer" }), emptied });
      }
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  };
  const step = (): void => {
    const level = open.at(-1);
    if (level === undefined) return;
    const name = level.names.pop();
    if (name !== undefined) {
      removeOne(Buffer.concat([level.directory, SLASH, name]), 0);
      return;
    }
    open.pop();
    removeOne(level.directory, level.emptied + 1);
  };
  asUser(user, () => removeOne(Buffer.from(path), 0));
  while (open.length > 0) {
    asUser(user, () => {
      while (open.length > 0 && !turns.isOver) step();
    });
    if (open.length > 0) await turns.next();
  }
};

const DIRECTORY_MODE = 0o755;

/** Makes `path` and its missing parents, owned by the user. Synchronous: call it inside `asUser`. */
export const makeDirectories = (path: string): void => {
  const missing: string[] = [];
  for (let at = path; ; at = dirname(at)) {
    const found = statSync(at, { throwIfNoEntry: false });
    if (found !== undefined) break;
    missing.push(at);
  }
  for (const directory of missing.toReversed()) {
    try {
      mkdirSync(directory, DIRECTORY_MODE);
    } catch (error) {
      // Someone else made it between the look and now.
      if (errnoOf(error) !== "EEXIST") throw error;
    }
  }
};
