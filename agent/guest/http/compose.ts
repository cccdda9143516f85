/** `POST /files/compose`: several files become one, in order; large uploads come in parts this way. */
import { renameSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";

import { Code, ConnectError } from "@connectrpc/connect";

import { readBoundedJson } from "../../../proto/bounded-body.ts";
import { pathError } from "../errors.ts";
import { resolvePath } from "../paths.ts";
import type { SandboxSettings } from "../settings.ts";
import { asUser } from "../system/credentials.ts";
import type { User } from "../users.ts";
import { openFile, readAll } from "./open-file.ts";
import { removeQuietly, storeFile } from "./store-file.ts";
import type { StoredFile } from "./upload.ts";

const BODY_LIMITS = { maxBytes: 4 * 1024 * 1024, timeoutMs: 30_000 };

interface ComposeOrder {
  destination: string;
  sources: string[];
  /** Null: the user of the request. */
  userName: string | null;
}

const invalid = (reason: string, cause?: unknown): ConnectError =>
  new ConnectError(reason, Code.InvalidArgument, {}, [], cause);

const isPath = (value: unknown): value is string => typeof value === "string" && value !== "";

const readOrder = async (request: Request): Promise<ComposeOrder> => {
  let body: unknown;
  try {
    body = await readBoundedJson(request, BODY_LIMITS);
  } catch (cause) {
    throw invalid("the body must be a JSON object of at most 4 MB", cause);
  }
  if (typeof body !== "object" || body === null) throw invalid("the body must be a JSON object");
  const { destination, source_paths: sources, username = null } = body as Record<string, unknown>;
  if (!isPath(destination)) throw invalid("destination is required");
  if (!Array.isArray(sources) || sources.length === 0 || !sources.every(isPath)) {
    throw invalid("source_paths must be a list of one or more paths");
  }
  if (username !== null && typeof username !== "string") throw invalid("username must be a string");
  return { destination, sources, userName: username || null };
};

/** Before anything is written: each is there, and is a file. */
const checkSource = (path: string, user: User): void => {
  let isFile: boolean;
  try {
    isFile = asUser(user, () => statSync(path).isFile());
  } catch (error) {
    throw pathError(error, path);
  }
  if (!isFile) throw invalid(`'${path}' is not a regular file`);
};

async function* bytesOf(paths: string[], user: User): AsyncGenerator<Uint8Array, void, void> {
  for (const path of paths) yield* readAll(openFile(path, user).fd);
}

/**
 * The new file; the parts are gone then. Until it is whole it lies beside its place, so whatever was there
 * stays when this fails. Throws a Connect error.
 */
export const compose = async (request: Request, settings: SandboxSettings): Promise<StoredFile> => {
  const { destination, sources, userName } = await readOrder(request);
  const { users, workdir } = settings;
  const user = userName === null ? users.ofRequest(request.headers) : users.find(userName);
  const path = resolvePath(destination, { user, workdir });
  const parts = sources.map((source) => resolvePath(source, { user, workdir }));
  if (parts.includes(path)) throw invalid(`'${path}' cannot be a part of itself`);
  for (const part of parts) checkSource(part, user);
  const aside = join(dirname(path), `.${crypto.randomUUID()}.part`);
  await storeFile({ path: aside, user, source: bytesOf(parts, user), announcedBytes: null, metadata: {} });
  try {
    asUser(user, () => renameSync(aside, path));
  } catch (error) {
    asUser(user, () => removeQuietly(aside));
    throw pathError(error, path);
  }
  asUser(user, () => parts.forEach(removeQuietly));
  return { name: basename(path), path, type: "file" };
};
