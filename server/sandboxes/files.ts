/** Files of a sandbox, through its guest agent and with the rights of a user in it. Bytes are never kept here. */
import { timestampDate } from "@bufbuild/protobuf/wkt";

import { type EntryInfo, FileType } from "../../proto/gen/filesystem/filesystem_pb.ts";
import type { TeamCaller } from "../auth/context.ts";
import { SAFE_DOWNLOAD } from "../http/safe-download.ts";
import type { GuestTarget } from "../traffic/guest-door.ts";
import { guestError, guestHttpError } from "../traffic/guest-errors.ts";
import { type ExecDeps, guestOf } from "./exec.ts";

export type FilesDeps = ExecDeps;

/** Whose file, and as which user of the sandbox. */
export interface FileRef {
  id: string;
  user: string | null;
}

export interface FileEntry {
  name: string;
  path: string;
  type: "file" | "directory" | "symlink" | "other";
  size: number;
  mode: number;
  permissions: string;
  owner: string;
  group: string;
  modifiedAt: Date | null;
  symlinkTarget: string | null;
}

/** Deadline of a question about one file, in ms. */
const CALL_MS = 30_000;
/** Of what goes through a whole tree: hundreds of thousands of files, on an emulated processor. */
const TREE_MS = 900_000;

const TYPES: Record<number, FileEntry["type"]> = {
  [FileType.FILE]: "file",
  [FileType.DIRECTORY]: "directory",
  [FileType.SYMLINK]: "symlink",
};

const toEntry = (entry: EntryInfo): FileEntry => ({
  name: entry.name,
  path: entry.path,
  type: TYPES[entry.type] ?? "other",
  size: Number(entry.size),
  mode: entry.mode,
  permissions: entry.permissions,
  owner: entry.owner,
  group: entry.group,
  modifiedAt: entry.modifiedTime ? timestampDate(entry.modifiedTime) : null,
  symlinkTarget: entry.symlinkTarget ?? null,
});

type Caller = Pick<TeamCaller, "teamId">;

/** Runs `work` against the sandbox's guest; its errors become the API's. */
const withGuest = async <T>(
  deps: FilesDeps,
  caller: Caller,
  file: FileRef,
  work: (target: GuestTarget) => Promise<T>,
): Promise<T> => {
  const target = await guestOf(deps.sandboxes, caller, file);
  try {
    return await work(target);
  } catch (thrown) {
    throw guestError(thrown, "file");
  }
};

const filesPath = (path: string, { user }: FileRef): string => {
  const query = new URLSearchParams({ path, ...(user !== null && { username: user }) });
  return `/files?${query}`;
};

/** Request headers of a download that the guest understands. */
const ASKED = ["range", "if-range", "if-none-match", "if-modified-since", "if-match", "if-unmodified-since"];
const ANSWERED = [
  "content-type",
  "content-length",
  "content-range",
  "accept-ranges",
  "etag",
  "last-modified",
];

/** Not modified, and a range beyond the end: answers to the client's own conditions, not failures. */
const isDownload = ({ ok, status }: Response): boolean => ok || status === 304 || status === 416;

const pick = (headers: Headers, names: readonly string[]): Headers => {
  const picked = new Headers();
  for (const name of names) {
    const value = headers.get(name);
    if (value !== null) picked.set(name, value);
  }
  return picked;
};

/** The file as a stream, whole or the range asked for. */
export const downloadFile = (
  deps: FilesDeps,
  caller: Caller,
  { path, request, ...file }: FileRef & { path: string; request: Request },
): Promise<Response> =>
  withGuest(deps, caller, file, async (target) => {
    const asked = pick(request.headers, ASKED);
    // Compressing would cost the sandbox's own processor.
    asked.set("accept-encoding", "identity");
    const answer = await deps.guests.fetch(target, filesPath(path, file), {
      headers: asked,
      signal: request.signal,
      decompress: false,
    });
    if (!isDownload(answer)) throw await guestHttpError(answer, "file");
    const headers = pick(answer.headers, ANSWERED);
    for (const [name, value] of Object.entries(SAFE_DOWNLOAD)) headers.set(name, value);
    return new Response(answer.body, { status: answer.status, headers });
  });

/** Writes the request's body to the file, its directories made; resolves when the guest has all of it. */
export const uploadFile = (
  deps: FilesDeps,
  caller: Caller,
  { path, request, ...file }: FileRef & { path: string; request: Request },
): Promise<void> =>
  withGuest(deps, caller, file, async (target) => {
    const answer = await deps.guests.fetch(target, filesPath(path, file), {
      method: "POST",
      headers: { "content-type": "application/octet-stream" },
      body: request.body,
      signal: request.signal,
    });
    if (!answer.ok) throw await guestHttpError(answer, "file");
    await answer.body?.cancel();
  });

/** @param left aborts when the client is gone: what it asked for ends then. */
export const listFiles = (
  { guests, ...deps }: FilesDeps,
  caller: Caller,
  { path, depth, left, ...file }: FileRef & { path: string; depth: number; left: AbortSignal },
): Promise<FileEntry[]> =>
  withGuest({ guests, ...deps }, caller, file, async (target) => {
    const client = guests.filesystem(target);
    const { entries } = await client.listDir({ path, depth }, { timeoutMs: TREE_MS, signal: left });
    return entries.map(toEntry);
  });

/** Makes it with its parents; an existing one is 409. */
export const makeDirectory = (
  { guests, ...deps }: FilesDeps,
  caller: Caller,
  { path, ...file }: FileRef & { path: string },
): Promise<FileEntry | null> =>
  withGuest({ guests, ...deps }, caller, file, async (target) => {
    const { entry } = await guests.filesystem(target).makeDir({ path }, { timeoutMs: CALL_MS });
    return entry ? toEntry(entry) : null;
  });

export const moveFile = (
  { guests, ...deps }: FilesDeps,
  caller: Caller,
  { source, destination, ...file }: FileRef & { source: string; destination: string },
): Promise<FileEntry | null> =>
  withGuest({ guests, ...deps }, caller, file, async (target) => {
    const client = guests.filesystem(target);
    const { entry } = await client.move({ source, destination }, { timeoutMs: CALL_MS });
    return entry ? toEntry(entry) : null;
  });

/**
 * With everything below it; what is not there is gone already.
 * @param left aborts when the client is gone: what is not removed by then stays.
 */
export const removeFile = (
  { guests, ...deps }: FilesDeps,
  caller: Caller,
  { path, left, ...file }: FileRef & { path: string; left: AbortSignal },
): Promise<void> =>
  withGuest({ guests, ...deps }, caller, file, async (target) => {
    await guests.filesystem(target).remove({ path }, { timeoutMs: TREE_MS, signal: left });
  });
