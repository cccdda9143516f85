/** `ANY /traffic/{sandbox_id}/{port}/…`: who may, where to, and how. */
import type { Server } from "bun";

import { forwardLimit } from "../../proto/forward-limit.ts";
import { isWebSocketUpgrade } from "../../proto/hop-by-hop.ts";
import { requestTarget } from "../../proto/request-target.ts";
import type { WebSocketRelay } from "../../proto/web-socket-relay.ts";
import { describeError } from "../errors.ts";
import type { CallTokenVerifier } from "../rpc/call-token.ts";
import type { Host } from "../sandboxes/host.ts";
import { forwardRequest } from "./forward.ts";
import { AGENT_AUTHORIZATION } from "./headers.ts";
import { badTarget, hidden, sandboxNotFound, tooMany, unauthorized } from "./refusals.ts";
import { isInternalRoute, parseTarget } from "./target.ts";
import { forwardWebSocket } from "./web-socket.ts";

/** Requests and WebSockets under way into one sandbox. */
const MAX_STREAMS = 2_000;
const maxRequests = forwardLimit(process.env);

export const createTrafficHandler =
  (host: Host, tokens: CallTokenVerifier) =>
  async (request: Request, server: Server<WebSocketRelay>): Promise<Response | undefined> => {
    try {
      await tokens.verify(request.headers.get(AGENT_AUTHORIZATION));
    } catch (error) {
      host.log.warn("traffic_unauthenticated", { error: describeError(error) });
      return unauthorized();
    }
    const target = parseTarget(requestTarget(request.url));
    if (target === null) return badTarget();
    if (isInternalRoute(target)) return hidden();
    const sandbox = host.sandboxes.get(target.sandboxId);
    if (sandbox === undefined) return sandboxNotFound(target.sandboxId);
    if (sandbox.streams.size >= MAX_STREAMS || server.pendingRequests > maxRequests) {
      return tooMany(target.sandboxId);
    }
    // Of a sandbox that has just been taken over from an earlier agent.
    if (sandbox.accepting) await sandbox.aftermath;
    const isUpgrade = isWebSocketUpgrade(request);
    return isUpgrade
      ? forwardWebSocket(request, server, sandbox, target, host.expiry)
      : forwardRequest(request, sandbox, target, host.expiry);
  };
