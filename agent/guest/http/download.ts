/** `GET` and `HEAD /files`: one file, streamed from a descriptor that was opened with the user's rights. */
import { closeSync, readSync, type Stats } from "node:fs";

import type { User } from "../users.ts";
import { chooseCoding } from "./encoding.ts";
import { type OpenFile, openFile, readAll } from "./open-file.ts";
import { problem } from "./problem.ts";
import { type ByteRange, conditionStatus, parseRange, rangeStillValid, type Validators } from "./range.ts";
import { SMALL_BYTES } from "./small.ts";

const CONTENT_TYPE = "application/octet-stream";
/** Far more than the turn of the event loop in which an answer begins. */
const CLOSE_AFTER_MS = 1_000;

/** All bytes of the file at the reader's pace, packed; the descriptor is closed however it ends. */
const gzipStream = (fd: number): ReadableStream => {
  const chunks = readAll(fd);
  let started = false;
  const source = new ReadableStream<BufferSource>(
    {
      pull: async (controller) => {
        started = true;
        const { done, value } = await chunks.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: async () => {
        // A generator that never started runs no `finally`.
        if (started) await chunks.return();
        else closeSync(fd);
      },
    },
    { highWaterMark: 0 },
  );
  return source.pipeThrough(new CompressionStream("gzip"));
};

/**
 * The range as Bun sends files: from the kernel, with a length. Bun opens the file by name when it answers,
 * which is in this turn of the event loop, and closes what it opened; through /proc the name means the very
 * file that was opened with the user's rights, whatever its path means by then.
 */
const fileBody = (fd: number, { start, end }: ByteRange): Blob => {
  setTimeout(() => closeSync(fd), CLOSE_AFTER_MS);
  return Bun.file(`/proc/self/fd/${fd}`, { type: CONTENT_TYPE }).slice(start, end + 1, CONTENT_TYPE);
};

/** Less than the range when the file has shrunk meanwhile. The descriptor is closed. */
const readSmall = (fd: number, { start, end }: ByteRange): Uint8Array<ArrayBuffer> => {
  const bytes = new Uint8Array(end + 1 - start);
  try {
    let filled = 0;
    while (filled < bytes.byteLength) {
      const count = readSync(fd, bytes, filled, bytes.byteLength - filled, start + filled);
      if (count === 0) break;
      filled += count;
    }
    return bytes.subarray(0, filled);
  } finally {
    closeSync(fd);
  }
};

const validatorsOf = ({ ino, size, mtimeMs }: Stats): Validators => ({
  etag: `"${ino.toString(16)}-${size.toString(16)}-${Math.round(mtimeMs * 1_000).toString(16)}"`,
  modifiedMs: Math.floor(mtimeMs / 1_000) * 1_000,
});

const dispositionOf = (path: string): string =>
  `inline; filename*=utf-8''${encodeURIComponent(path.slice(path.lastIndexOf("/") + 1))}`;

const respond = (request: Request, path: string, { fd, stats }: OpenFile): Response => {
  const { size } = stats;
  const validators = validatorsOf(stats);
  const headers = new Headers({
    ETag: validators.etag,
    "Last-Modified": new Date(validators.modifiedMs).toUTCString(),
    "Accept-Ranges": "bytes",
    "X-Content-Type-Options": "nosniff",
    Vary: "Accept-Encoding",
  });
  const empty = (status: number): Response => {
    closeSync(fd);
    return new Response(null, { status, headers });
  };
  const condition = conditionStatus(request.headers, validators);
  if (condition !== null) return empty(condition);
  const coding = chooseCoding(request.headers.get("accept-encoding"));
  if (coding === null) {
    closeSync(fd);
    return problem(406, "no acceptable encoding: identity and gzip are offered");
  }
  const range = rangeStillValid(request.headers, validators)
    ? parseRange(request.headers.get("range"), size)
    : null;
  if (range === "unsatisfiable") {
    headers.set("Content-Range", `bytes */${size}`);
    return empty(416);
  }
  headers.set("Content-Type", CONTENT_TYPE);
  headers.set("Content-Disposition", dispositionOf(path));
  const part = range ?? { start: 0, end: size - 1 };
  if (range !== null) headers.set("Content-Range", `bytes ${part.start}-${part.end}/${size}`);
  // A range counts bytes of the file itself, so it is never coded; nothing is gained on an empty file.
  const gzip = coding === "gzip" && range === null && size > 0;
  const length = part.end + 1 - part.start;
  if (gzip) headers.set("Content-Encoding", "gzip");
  else headers.set("Content-Length", String(length));
  const status = range === null ? 200 : 206;
  if (request.method === "HEAD" || size === 0) return empty(status);
  if (length <= SMALL_BYTES) {
    const bytes = readSmall(fd, part);
    const body = gzip ? Bun.gzipSync(bytes) : bytes;
    headers.set("Content-Length", String(body.byteLength));
    return new Response(body, { status, headers });
  }
  return new Response(gzip ? gzipStream(fd) : fileBody(fd, part), { status, headers });
};

/** Throws a Connect error when the file cannot be opened. */
export const download = (request: Request, options: { path: string; user: User }): Response =>
  respond(request, options.path, openFile(options.path, options.user));
