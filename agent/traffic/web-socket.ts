/** WebSockets into a sandbox: a connection of its own to the guest, messages passed both ways. */
import type { Server, WebSocketHandler } from "bun";

import { offeredProtocols, toUpgradeHeaders } from "../../proto/hop-by-hop.ts";
import { dialWebSocket } from "../../proto/web-socket-dial.ts";
import {
  MAX_BUFFERED_BYTES,
  RELAY_HANDLERS,
  upgradeHeaders,
  WebSocketRelay,
} from "../../proto/web-socket-relay.ts";
import type { Expiry } from "../sandboxes/expiry.ts";
import type { Sandbox } from "../sandboxes/sandbox.ts";
import { openStream } from "../sandboxes/streams.ts";
import { probe, redialing } from "./dial.ts";
import { toGuestHeaders } from "./headers.ts";
import { connectionLost, portClosed, sandboxNotFound } from "./refusals.ts";
import type { TrafficTarget } from "./target.ts";

const MAX_MESSAGE_BYTES = 64 << 20;

/** Undefined when the connection has become a WebSocket. */
export const forwardWebSocket = async (
  request: Request,
  server: Server<WebSocketRelay>,
  sandbox: Sandbox,
  target: TrafficTarget,
  expiry: Expiry,
): Promise<Response | undefined> => {
  const { live } = sandbox;
  if (live === null || !sandbox.accepting) return sandboxNotFound(target.sandboxId);
  const { address } = live.slot;
  let relay: WebSocketRelay | null = null;
  // Known to the sandbox before the first packet: once it has left the slot, the address may be another's.
  const reset = new AbortController();
  const onEnd = openStream(sandbox, expiry, {
    abort: () => {
      reset.abort();
      relay?.terminate();
    },
  });
  const signal = AbortSignal.any([request.signal, reset.signal]);
  const refuse = (answer: Response): Response => {
    onEnd();
    return reset.signal.aborted ? sandboxNotFound(target.sandboxId) : answer;
  };
  try {
    await redialing(sandbox, target.port, () => probe(address, target.port, signal), signal);
  } catch {
    return refuse(portClosed(target.sandboxId, target.port));
  }
  const guest = await dialWebSocket(`ws://${address}:${target.port}${target.pathAndQuery}`, {
    headers: toUpgradeHeaders(toGuestHeaders(request.headers)),
    protocols: offeredProtocols(request.headers),
    signal,
  }).catch(() => null);
  if (guest === null) return refuse(connectionLost(target.sandboxId, target.port));
  relay = new WebSocketRelay(guest, onEnd);
  const headers = upgradeHeaders(request, guest);
  if (!signal.aborted && server.upgrade(request, { headers, data: relay })) return undefined;
  guest.terminate();
  return refuse(connectionLost(target.sandboxId, target.port));
};

/** The server's side of every relay. */
export const relayHandler: WebSocketHandler<WebSocketRelay> = {
  maxPayloadLength: MAX_MESSAGE_BYTES,
  backpressureLimit: MAX_BUFFERED_BYTES,
  perMessageDeflate: false,
  idleTimeout: 0,
  ...RELAY_HANDLERS,
};
