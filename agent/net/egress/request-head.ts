/**
 * The head of an HTTP/1 request: where it wants to go and how its body ends. What two readers could
 * understand in two ways is refused, for the second reader is the server. What is passed on asks the server
 * to close afterwards: a connection carries one request, so that the next cannot name another host.
 */
import { canonicalDomain } from "../domains.ts";
import { INCOMPLETE, type Incomplete, MAX_HEAD_BYTES, type Refused, refused } from "./head.ts";

/** How many bytes of the request follow its head. */
export type BodyLength = number | "chunked";

export interface RequestHead {
  kind: "request";
  name: string;
  /** To be sent to the server instead of the head. */
  forward: Buffer;
  /** How many of the bytes read it stands for. */
  headBytes: number;
  body: BodyLength;
  /** It asks to go on as a WebSocket. */
  upgrades: boolean;
}

const END_OF_HEAD = Buffer.from("\r\n\r\n");
/** `OPTIONS *` besides paths; a whole URL would name a second host. */
const REQUEST_LINE = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+ (?:\/[\x21-\x7e\x80-\xff]*|\*) HTTP\/1\.([01])$/;
const MAX_HEADERS = 200;
const HEADER_NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const HOST = /^([^:]+)(?::\d{1,5})?$/;
const LENGTH = /^\d{1,15}$/;
/** They are about this connection alone, or would turn it into one that carries several requests. */
const NOT_FORWARDED = new Set(["connection", "keep-alive", "proxy-connection", "upgrade", "http2-settings"]);
const DECISIVE = ["host", "content-length", "transfer-encoding"] as const;

interface Header {
  name: string;
  value: string;
  line: string;
}

const isBlank = (character: string | undefined): boolean => character === " " || character === "\t";

/** Without blanks at its ends. Not by a pattern: those that can say it may take a hostile line's length cubed. */
const trimBlanks = (text: string): string => {
  let [start, end] = [0, text.length];
  while (start < end && isBlank(text[start])) start += 1;
  while (end > start && isBlank(text[end - 1])) end -= 1;
  return text.slice(start, end);
};

const parseHeader = (line: string): Header | null => {
  const colon = line.indexOf(":");
  const [name, value] = [line.slice(0, Math.max(colon, 0)), line.slice(colon + 1)];
  if (!HEADER_NAME.test(name) || !HEADER_VALUE.test(value)) return null;
  return { name: name.toLowerCase(), value: trimBlanks(value), line };
};

/** Null: it cannot be told for sure. */
const bodyLength = (
  length: string | undefined,
  coding: string | undefined,
  minor: string,
): BodyLength | null => {
  if (coding !== undefined) {
    const isChunked = coding.toLowerCase() === "chunked" && length === undefined && minor === "1";
    return isChunked ? "chunked" : null;
  }
  if (length === undefined) return 0;
  return LENGTH.test(length) ? Number(length) : null;
};

const isWebSocketUpgrade = (headers: Header[]): boolean =>
  headers.some(({ name, value }) => name === "upgrade" && value.toLowerCase() === "websocket");

/** @param text the head without the empty line at its end */
const parseHead = (text: string): Omit<RequestHead, "kind" | "headBytes"> | Refused => {
  const [requestLine = "", ...lines] = text.split("\r\n");
  const minor = REQUEST_LINE.exec(requestLine)?.[1];
  if (minor === undefined) return refused("this is not an HTTP/1 request for a path");
  if (lines.length > MAX_HEADERS) return refused("the request has too many headers");
  const headers = lines.map(parseHeader);
  if (!headers.every((header) => header !== null)) return refused("a header line is malformed");
  const values = Map.groupBy(headers, ({ name }) => name);
  const repeated = DECISIVE.find((name) => (values.get(name)?.length ?? 0) > 1);
  if (repeated !== undefined) return refused(`the header ${repeated} comes twice`);

  const valueOf = (name: (typeof DECISIVE)[number]) => values.get(name)?.[0]?.value;
  const name = canonicalDomain(HOST.exec(valueOf("host") ?? "")?.[1] ?? "");
  if (name === null) return refused("the request has no Host header with a host name");
  const body = bodyLength(valueOf("content-length"), valueOf("transfer-encoding"), minor);
  if (body === null) return refused("it cannot be told where the request ends");

  const upgrades = isWebSocketUpgrade(headers) && body === 0;
  const kept = headers.filter((header) => !NOT_FORWARDED.has(header.name)).map(({ line }) => line);
  const own = upgrades ? ["Connection: Upgrade", "Upgrade: websocket"] : ["Connection: close"];
  const forward = Buffer.from(`${[requestLine, ...kept, ...own].join("\r\n")}\r\n\r\n`, "latin1");
  return { name, forward, body, upgrades };
};

/** @param bytes everything received so far */
export const readRequestHead = (bytes: Buffer): RequestHead | Incomplete | Refused => {
  const end = bytes.subarray(0, MAX_HEAD_BYTES).indexOf(END_OF_HEAD);
  if (end === -1) {
    return bytes.length >= MAX_HEAD_BYTES ? refused("the head of the request is too long") : INCOMPLETE;
  }
  const head = parseHead(bytes.toString("latin1", 0, end));
  return "kind" in head ? head : { kind: "request", headBytes: end + END_OF_HEAD.length, ...head };
};
