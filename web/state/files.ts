/** Files of a sandbox: what is in a directory, and what can be done to it. */
import { call } from "../api.ts";
import { ApiFailure } from "../api/failure.ts";
import type { Item } from "../api/routes.ts";
import { receiveFile, receiveStart, sendFile } from "../api/transfer.ts";
import { session } from "./session.ts";

export type FileEntry = Item<"GET /v1/sandboxes/:id/files/list">;

/** Where a person begins: the home of the user that all is done as. */
export const HOME_PATH = "/home/user";

const urlOf = (id: string, path: string): string =>
  `/v1/sandboxes/${encodeURIComponent(id)}/files?${new URLSearchParams({ path })}`;

/** A token that has expired is renewed once, and it is all sent again. */
const renewing = async <T>(work: (token: string) => Promise<T>): Promise<T> => {
  try {
    return await work(session.token ?? "");
  } catch (error) {
    if (!(error instanceof ApiFailure) || error.status !== 401 || !(await session.renew())) throw error;
    return work(session.token ?? "");
  }
};

const isFolder = ({ type }: FileEntry): boolean => type === "directory";

export const listFiles = async (
  id: string,
  path: string,
  signal?: AbortSignal,
): Promise<readonly FileEntry[]> => {
  const { items } = await call("GET /v1/sandboxes/:id/files/list", {
    params: { id },
    query: { path },
    signal,
  });
  return items.sort(
    (one, other) => Number(isFolder(other)) - Number(isFolder(one)) || one.name.localeCompare(other.name),
  );
};

export const makeDirectory = (id: string, path: string) =>
  call("POST /v1/sandboxes/:id/files/mkdir", { params: { id }, body: { path } });

export const moveFile = (id: string, source: string, destination: string) =>
  call("POST /v1/sandboxes/:id/files/move", { params: { id }, body: { source, destination } });

/** With all below it. */
export const removeFile = (id: string, path: string): Promise<void> =>
  call("DELETE /v1/sandboxes/:id/files", { params: { id }, query: { path } });

interface Watching {
  signal: AbortSignal;
  onProgress(doneBytes: number): void;
}

export const uploadFile = (id: string, path: string, file: Blob, watching: Watching): Promise<void> =>
  renewing((token) => sendFile(urlOf(id, path), file, { token, ...watching }));

export const downloadFile = (id: string, path: string, watching: Watching): Promise<Blob> =>
  renewing((token) => receiveFile(urlOf(id, path), { token, ...watching }));

export const readStart = (
  id: string,
  path: string,
  most: number,
  signal: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> =>
  renewing((token) => receiveStart(urlOf(id, path), most, { token, signal }));
