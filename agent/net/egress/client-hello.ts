/**
 * Which server a TLS client asks for: the name in its first message (RFC 8446 section 4.1.2, RFC 6066
 * section 3). The bytes are hostile; whatever they are, there is an answer. Without a name it is refused: it
 * could be any. A second, encrypted name (Encrypted Client Hello) is passed over, as browsers send a mock of one
 * always: the connection goes to an address of the open name, and what is asked for inside it nobody outside can
 * know either way.
 */
import { canonicalDomain } from "../domains.ts";
import { ByteReader } from "./byte-reader.ts";
import { INCOMPLETE, type Incomplete, MAX_HEAD_BYTES, type Refused, refused } from "./head.ts";

const RECORD_HEADER_BYTES = 5;
const HANDSHAKE_RECORD = 22;
/** RFC 8446 section 5.1. */
const MAX_FRAGMENT_BYTES = 2 ** 14;
/** Clients cut it into a few at most; each costs time. */
const MAX_RECORDS = 64;
const HANDSHAKE_HEADER_BYTES = 4;
const CLIENT_HELLO = 1;
const RANDOM_BYTES = 32;
const MAX_SESSION_ID_BYTES = 32;
const SERVER_NAME = 0;
const HOST_NAME = 0;

export type HelloResult = { kind: "name"; name: string } | Incomplete | Refused;

const NOT_TLS = refused("this is not TLS");
const MALFORMED = refused("the TLS client hello is malformed");

/** The handshake bytes of the records so far, however they were cut up. Null: these are no such records. */
const joinFragments = (bytes: Uint8Array): Uint8Array | null => {
  const fragments: Uint8Array[] = [];
  let at = 0;
  while (at < bytes.length) {
    const header = bytes.subarray(at, at + RECORD_HEADER_BYTES);
    const [type, major, , high = 0, low = 0] = header;
    if (type !== HANDSHAKE_RECORD || (major !== undefined && major !== 3)) return null;
    if (header.length < RECORD_HEADER_BYTES) break;
    const length = high * 256 + low;
    if (length === 0 || length > MAX_FRAGMENT_BYTES || fragments.length === MAX_RECORDS) return null;
    at += RECORD_HEADER_BYTES;
    fragments.push(bytes.subarray(at, at + length));
    at += length;
  }
  return Buffer.concat(fragments);
};

/** @param extension content of a server_name extension: a list that must hold one host name and nothing else */
const readServerName = (extension: Uint8Array): string | null => {
  const outer = new ByteReader(extension);
  const list = new ByteReader(outer.block(2));
  const type = list.uint(1);
  const name = list.block(2);
  if (!outer.exhausted || !list.exhausted || type !== HOST_NAME) return null;
  return canonicalDomain(Buffer.from(name).toString("latin1"));
};

/** @param block the message's last part, a list of typed extensions */
const readExtensions = (block: Uint8Array): HelloResult => {
  const reader = new ByteReader(block);
  let server: Uint8Array | null = null;
  while (reader.left > 0) {
    const type = reader.uint(2);
    const content = reader.block(2);
    if (reader.overrun) return MALFORMED;
    if (type !== SERVER_NAME) continue;
    if (server !== null) return MALFORMED;
    server = content;
  }
  if (server === null) return refused("TLS without a server name (SNI)");
  const name = readServerName(server);
  return name === null ? refused("the TLS server name is no host name") : { kind: "name", name };
};

/** @param body the message after its header */
const readBody = (body: Uint8Array): HelloResult => {
  const reader = new ByteReader(body);
  const major = reader.uint(1);
  reader.take(1 + RANDOM_BYTES);
  const sessionId = reader.block(1);
  const suites = reader.block(2);
  const compressions = reader.block(1);
  const isSound =
    major === 3 &&
    sessionId.length <= MAX_SESSION_ID_BYTES &&
    suites.length >= 2 &&
    suites.length % 2 === 0 &&
    compressions.length >= 1;
  const extensions = reader.block(2);
  if (!isSound || !reader.exhausted) return MALFORMED;
  return readExtensions(extensions);
};

/** @param bytes everything received so far */
export const readClientHello = (bytes: Uint8Array): HelloResult => {
  const message = joinFragments(bytes.subarray(0, MAX_HEAD_BYTES));
  if (message === null) return NOT_TLS;
  const reader = new ByteReader(message);
  if (message.length > 0 && reader.uint(1) !== CLIENT_HELLO) return NOT_TLS;
  if (message.length >= HANDSHAKE_HEADER_BYTES) {
    const length = reader.uint(3);
    if (length > MAX_HEAD_BYTES) return refused("the TLS client hello is too long");
    if (reader.left >= length) return readBody(reader.take(length));
  }
  return bytes.length >= MAX_HEAD_BYTES ? refused("the TLS client hello is too long") : INCOMPLETE;
};
