/** WebSockets into a sandbox: a connection of its own to the guest, messages passed both ways. */
import type { Server, ServerWebSocket, WebSocketHandler } from "bun";

import type { Expiry } from "../sandboxes/expiry.ts";
import type { Sandbox } from "../sandboxes/sandbox.ts";
import { openStream } from "../sandboxes/streams.ts";
import { probe, redialing } from "./dial.ts";
import { dialGuestSocket } from "./guest-socket.ts";
import { connectionLost, portClosed, sandboxNotFound } from "./refusals.ts";
import type { TrafficTarget } from "./target.ts";

/** A side that reads slower than the other writes is cut off here: nothing is held without bound. */
const MAX_BUFFERED_BYTES = 16 << 20;
const MAX_MESSAGE_BYTES = 64 << 20;
/** RFC 6455 section 7.4.1. */
const CLOSE_NORMAL = 1000;
const CLOSE_NO_STATUS = 1005;
const CLOSE_TRY_AGAIN_LATER = 1013;

/** What Bun hands out with `binaryType` nodebuffer. */
type Message = string | Buffer;

export interface Relay {
  guest: Bun.WebSocket;
  /** Messages of the guest from before the client's side was open. */
  early: Message[];
  client: ServerWebSocket<Relay> | null;
  onEnd: () => void;
}

/** Reserved: they tell what happened locally and are never sent. */
const LOCAL_CODES = new Set([1004, CLOSE_NO_STATUS, 1006, 1015]);

const sendableCode = (code: number): number => {
  const known = code >= CLOSE_NORMAL && code <= 1_015 && !LOCAL_CODES.has(code);
  return known || (code >= 3_000 && code <= 4_999) ? code : CLOSE_NORMAL;
};

const toClient = (relay: Relay, data: Message): void => {
  if (relay.client === null) {
    relay.early.push(data);
    return;
  }
  relay.client.send(data);
};

/** Undefined when the connection has become a WebSocket. */
export const forwardWebSocket = async (
  request: Request,
  server: Server<Relay>,
  sandbox: Sandbox,
  target: TrafficTarget,
  expiry: Expiry,
): Promise<Response | undefined> => {
  const { live } = sandbox;
  if (live === null || !sandbox.accepting) return sandboxNotFound(target.sandboxId);
  const { address } = live.slot;
  let relay: Relay | null = null;
  // Known to the sandbox before the first packet: once it has left the slot, the address may be another's.
  const reset = new AbortController();
  const onEnd = openStream(sandbox, expiry, {
    abort: () => {
      reset.abort();
      relay?.guest.terminate();
      relay?.client?.terminate();
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
  const url = `ws://${address}:${target.port}${target.pathAndQuery}`;
  const guest = await dialGuestSocket(url, request, signal).catch(() => null);
  if (guest === null) return refuse(connectionLost(target.sandboxId, target.port));
  relay = { guest, early: [], client: null, onEnd };
  const ready = relay;
  guest.addEventListener("message", ({ data }) => toClient(ready, data as Message));
  guest.addEventListener("close", ({ code, reason }) => {
    onEnd();
    ready.client?.close(sendableCode(code), reason);
  });
  const headers: Record<string, string> =
    guest.protocol === "" ? {} : { "sec-websocket-protocol": guest.protocol };
  if (!signal.aborted && server.upgrade(request, { headers, data: ready })) return undefined;
  guest.terminate();
  return refuse(connectionLost(target.sandboxId, target.port));
};

/** The client's side of every relay. */
export const relayHandler: WebSocketHandler<Relay> = {
  maxPayloadLength: MAX_MESSAGE_BYTES,
  backpressureLimit: MAX_BUFFERED_BYTES,
  closeOnBackpressureLimit: true,
  perMessageDeflate: false,
  idleTimeout: 0,
  open(client) {
    const relay = client.data;
    relay.client = client;
    for (const data of relay.early.splice(0)) client.send(data);
    if (relay.guest.readyState !== WebSocket.OPEN) client.close();
  },
  message(client, data) {
    const { guest } = client.data;
    if (guest.readyState !== WebSocket.OPEN) return;
    guest.send(data);
    if (guest.bufferedAmount > MAX_BUFFERED_BYTES) client.close(CLOSE_TRY_AGAIN_LATER, "too slow");
  },
  close(client, code, reason) {
    const { guest, onEnd } = client.data;
    onEnd();
    if (code === CLOSE_NO_STATUS || sendableCode(code) === code) guest.close(sendableCode(code), reason);
    else guest.terminate();
  },
};
