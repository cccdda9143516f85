/** The two protocols that name the server in the open: how each is read, refused and passed on. */
import { readClientHello } from "./client-hello.ts";
import type { Filter } from "./direction.ts";
import type { Incomplete, Refused } from "./head.ts";
import { RequestBody } from "./request-body.ts";
import { readRequestHead, type RequestHead } from "./request-head.ts";

export interface Destination {
  kind: "destination";
  name: string;
  /** What the server is sent first, and how many of the bytes read it stands for. */
  opening: { bytes: Buffer; standsFor: number };
  fromGuest: Filter;
  fromServer: Filter;
  serverEndsAll: boolean;
}

export interface Protocol {
  port: number;
  /** @param bytes everything received so far */
  read(bytes: Buffer): Destination | Incomplete | Refused;
  /** Told to the guest before its connection is closed. @param status of HTTP */
  refusal(status: string, reason: string): Buffer;
}

const all: Filter = (bytes) => bytes;

/** A fatal alert: access_denied (RFC 8446 section 6.2). */
const TLS_ALERT = Buffer.from([21, 3, 1, 0, 2, 2, 49]);

export const TLS: Protocol = {
  port: 443,
  read: (bytes) => {
    const hello = readClientHello(bytes);
    if (hello.kind !== "name") return hello;
    const opening = { bytes: Buffer.alloc(0), standsFor: 0 };
    return {
      kind: "destination",
      name: hello.name,
      opening,
      fromGuest: all,
      fromServer: all,
      serverEndsAll: false,
    };
  },
  refusal: () => TLS_ALERT,
};

const SWITCHING = "HTTP/1.1 101";

/** One request goes through, its body to the last byte, and nothing behind it; or a WebSocket, once it is one. */
const passOneRequest = ({
  body: length,
  upgrades,
}: RequestHead): Pick<Destination, "fromGuest" | "fromServer"> => {
  const body = new RequestBody(length);
  let status = upgrades ? "" : "none";
  return {
    fromGuest: (bytes) => {
      if (status === SWITCHING) return bytes;
      const taken = body.take(bytes);
      return taken === null ? null : bytes.subarray(0, taken);
    },
    fromServer: (bytes) => {
      const missing = upgrades ? SWITCHING.length - status.length : 0;
      if (missing > 0) status += bytes.toString("latin1", 0, Math.min(missing, bytes.length));
      return bytes;
    },
  };
};

export const HTTP: Protocol = {
  port: 80,
  read: (bytes) => {
    const head = readRequestHead(bytes);
    if (head.kind !== "request") return head;
    const opening = { bytes: head.forward, standsFor: head.headBytes };
    return { kind: "destination", name: head.name, opening, ...passOneRequest(head), serverEndsAll: true };
  },
  refusal: (status, reason) => {
    const text = `wrenn: ${reason}\n`;
    const head = [
      `HTTP/1.1 ${status}`,
      "Content-Type: text/plain; charset=utf-8",
      `Content-Length: ${Buffer.byteLength(text)}`,
      "Connection: close",
    ];
    return Buffer.from(`${head.join("\r\n")}\r\n\r\n${text}`);
  },
};
