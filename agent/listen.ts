/** The agent's one HTTP server: HostService, sandbox traffic, and templates of other hosts. */
import type { Server, TLSOptions } from "bun";

import { requestTarget } from "../proto/request-target.ts";
import type { WebSocketRelay } from "../proto/web-socket-relay.ts";
import type { CallTokenVerifier } from "./rpc/call-token.ts";
import { createRpcHandler, RPC_PREFIX } from "./rpc/serve.ts";
import { createImportHandler, TEMPLATES_PREFIX } from "./rpc/template-import.ts";
import type { Host } from "./sandboxes/host.ts";
import { createTrafficHandler } from "./traffic/handler.ts";
import { TRAFFIC_PREFIX } from "./traffic/target.ts";
import { relayHandler } from "./traffic/web-socket.ts";

export interface ListenOptions {
  hostname: string;
  /** 0 = any free one. */
  port: number;
  /** Absent on loopback: plain HTTP. */
  tls?: TLSOptions;
}

/** Throws when the port is taken. */
export const listen = (
  host: Host,
  tokens: CallTokenVerifier,
  options: ListenOptions,
): Server<WebSocketRelay> => {
  const rpc = createRpcHandler(host, tokens);
  const traffic = createTrafficHandler(host, tokens);
  const templates = createImportHandler(host, tokens);
  return Bun.serve<WebSocketRelay>({
    hostname: options.hostname,
    port: options.port,
    ...(options.tls === undefined ? {} : { tls: options.tls }),
    // Streams live as long as their two ends want.
    idleTimeout: 0,
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    websocket: relayHandler,
    fetch(request, server) {
      const pathname = requestTarget(request.url);
      if (pathname.startsWith(RPC_PREFIX)) return rpc(request);
      if (pathname.startsWith(TRAFFIC_PREFIX)) return traffic(request, server);
      if (pathname.startsWith(TEMPLATES_PREFIX)) return templates(request);
      return Response.json({ code: 404, message: "not found" }, { status: 404 });
    },
    error(error) {
      host.log.error("request_failed", { error: error.message });
      return Response.json({ code: 500, message: "the host failed; its log says why" }, { status: 500 });
    },
  });
};
