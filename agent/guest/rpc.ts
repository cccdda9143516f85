/** The Connect services over `fetch`: the only place that knows how Connect is served. */
import { createConnectRouter } from "@connectrpc/connect";
import { createFetchHandler } from "@connectrpc/connect/protocol";

import { Filesystem } from "../../proto/gen/filesystem/filesystem_pb.ts";
import { Process } from "../../proto/gen/process/process_pb.ts";
import { FilesystemService } from "./filesystem/service.ts";
import { ProcessService } from "./process/service.ts";
import type { SandboxSettings } from "./settings.ts";

/** Of one message; larger bodies belong to /files. */
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

const TIMEOUT_HEADER = "connect-timeout-ms";
/** Longest delay a timer keeps; one more and it would fire at once. */
const MAX_TIMER_MS = 0x7fff_ffff;

type RpcHandler = (request: Request) => Promise<Response>;

/** A deadline no timer can hold is none. */
const withoutEndlessDeadline = (request: Request): Request => {
  if (Number(request.headers.get(TIMEOUT_HEADER) ?? 0) <= MAX_TIMER_MS) return request;
  const headers = new Headers(request.headers);
  headers.delete(TIMEOUT_HEADER);
  return new Request(request, { headers });
};

/** Handlers by path (`/process.Process/Start`). */
export const rpcHandlers = (settings: SandboxSettings): ReadonlyMap<string, RpcHandler> => {
  const router = createConnectRouter({
    grpc: false,
    grpcWeb: false,
    readMaxBytes: MAX_MESSAGE_BYTES,
    acceptCompression: [],
  });
  router.service(Process, new ProcessService(settings).handlers);
  router.service(Filesystem, new FilesystemService(settings).handlers);
  return new Map(
    router.handlers.map((handler) => {
      const serve = createFetchHandler(handler);
      return [handler.requestPath, (request: Request) => serve(withoutEndlessDeadline(request))];
    }),
  );
};
