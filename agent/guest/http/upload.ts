/** `POST /files`: a multipart form with `file` parts, or the bytes of one file. */
import { basename } from "node:path";

import { Code, ConnectError } from "@connectrpc/connect";

import { resolvePath } from "../paths.ts";
import type { User } from "../users.ts";
import { metadataOf } from "./metadata.ts";
import { boundaryOf, readParts } from "./multipart.ts";
import { SMALL_BYTES } from "./small.ts";
import { storeFile } from "./store-file.ts";

export interface UploadOptions {
  user: User;
  workdir: string | null;
  /** From the query; null when left out: then each part's file name is the path. */
  path: string | null;
}

export interface StoredFile {
  name: string;
  path: string;
  type: "file";
  metadata?: Record<string, string>;
}

async function* nothing(): AsyncGenerator<Uint8Array, void, void> {}

/** Only for a body that is the file itself, byte for byte. */
const announcedBytes = (request: Request): number | null => {
  const length = request.headers.get("content-length");
  return length === null || request.headers.has("content-encoding") ? null : Number(length);
};

async function* just(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, void> {
  yield bytes;
}

/**
 * The body's bytes without its content coding. A small one has come whole before anything is touched.
 * Throws invalid_argument for a coding that is not offered.
 */
const decodedBody = async (request: Request): Promise<AsyncIterable<Uint8Array>> => {
  const coding = request.headers.get("content-encoding")?.trim().toLowerCase() ?? "identity";
  if (request.body === null) return nothing();
  if (coding === "identity" || coding === "") {
    const isSmall = (announcedBytes(request) ?? Infinity) <= SMALL_BYTES;
    return isSmall ? just(new Uint8Array(await request.arrayBuffer())) : request.body;
  }
  if (coding === "gzip" || coding === "x-gzip") return decompress(request.body);
  throw new ConnectError(
    `content encoding '${coding}' is not supported: use gzip or identity`,
    Code.InvalidArgument,
  );
};

async function* decompress(body: ReadableStream<BufferSource>): AsyncGenerator<Uint8Array, void, void> {
  try {
    yield* body.pipeThrough(new DecompressionStream("gzip"));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new ConnectError("the body is not valid gzip", Code.InvalidArgument, {}, [], error);
  }
}

/** The files stored, in order. Throws a Connect error; files stored before stay. */
export const upload = async (request: Request, options: UploadOptions): Promise<StoredFile[]> => {
  const metadata = metadataOf(request.headers);
  const stored: StoredFile[] = [];
  const store = async (
    given: string,
    source: AsyncIterable<Uint8Array>,
    announced: number | null,
  ): Promise<void> => {
    const path = resolvePath(given, options);
    if (stored.some((file) => file.path === path)) {
      throw new ConnectError(
        `'${path}' is there twice: only the first of them is stored`,
        Code.InvalidArgument,
      );
    }
    await storeFile({ path, user: options.user, source, announcedBytes: announced, metadata });
    const described = Object.keys(metadata).length > 0 ? { metadata } : {};
    stored.push({ name: basename(path), path, type: "file", ...described });
  };

  const boundary = boundaryOf(request.headers.get("content-type"));
  const body = await decodedBody(request);
  if (boundary === null) {
    if (!options.path) throw new ConnectError("path is required", Code.InvalidArgument);
    await store(options.path, body, announcedBytes(request));
    return stored;
  }
  for await (const part of readParts(body, boundary)) {
    if (part.name !== "file") continue;
    if (options.path !== null && stored.length > 0) {
      throw new ConnectError("path names one file, but the form holds more", Code.InvalidArgument);
    }
    const path = options.path || part.fileName;
    if (!path)
      throw new ConnectError("the file part has no filename, and no path is given", Code.InvalidArgument);
    await store(path, part.body, null);
  }
  if (stored.length === 0) throw new ConnectError("the form has no part named 'file'", Code.InvalidArgument);
  return stored;
};
