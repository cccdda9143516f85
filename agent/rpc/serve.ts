/** HostService on fetch handlers: the token is checked before a body is read, errors get their codes. */
import { Code, ConnectError, createConnectRouter, type Interceptor } from "@connectrpc/connect";
import { createFetchHandler } from "@connectrpc/connect/protocol";

import { HostService } from "../../proto/gen/wrenn/host/v1/host_pb.ts";
import { describeError } from "../errors.ts";
import type { Host } from "../sandboxes/host.ts";
import type { CallTokenVerifier } from "./call-token.ts";
import { toConnectError } from "./errors.ts";
import { hostCalls } from "./host-calls.ts";
import { sandboxCalls } from "./sandbox-calls.ts";

const MAX_MESSAGE_BYTES = 4 << 20;

export const RPC_PREFIX = `/${HostService.typeName}/`;

export const createRpcHandler = (
  host: Host,
  tokens: CallTokenVerifier,
): ((request: Request) => Promise<Response>) => {
  const translateErrors: Interceptor = (next) => async (request) => {
    try {
      return await next(request);
    } catch (error) {
      throw toConnectError(error, request.method.name, host.log);
    }
  };
  const router = createConnectRouter({
    grpc: false,
    grpcWeb: false,
    readMaxBytes: MAX_MESSAGE_BYTES,
    interceptors: [translateErrors],
    requestGate: async ({ requestHeader, method }) => {
      try {
        await tokens.verify(requestHeader.get("authorization"));
      } catch (error) {
        host.log.warn("call_unauthenticated", { method: method.name, error: describeError(error) });
        throw new ConnectError("this call needs a token signed by the host's server", Code.Unauthenticated);
      }
    },
  });
  router.service(HostService, { ...sandboxCalls(host), ...hostCalls(host) });
  const byPath = new Map(
    router.handlers.map((handler) => [handler.requestPath, createFetchHandler(handler)]),
  );
  return async (request) =>
    (await byPath.get(new URL(request.url).pathname)?.(request)) ?? new Response(null, { status: 404 });
};
