/**
 * The two DNS messages (RFC 1035 section 4) that sandboxes with an allow-list need: a question read, from
 * bytes nobody vouches for, and its answer written.
 */
import { canonicalDomain } from "../domains.ts";
import { ByteReader } from "./byte-reader.ts";

export const TYPE_A = 1;
const CLASS_IN = 1;
const HEADER_BYTES = 12;
const MAX_LABEL_BYTES = 63;
/** What every client takes over UDP. */
const MAX_MESSAGE_BYTES = 512;
/** So many fit beside the longest name. */
const MAX_ADDRESSES = 8;

export const RCODE = { ok: 0, malformed: 1, failed: 2, noSuchName: 3, notImplemented: 4 } as const;
export type Rcode = keyof typeof RCODE;

const RESPONSE = 0x8000;
const OPCODE = 0x7800;
const RECURSION_DESIRED = 0x0100;
const RECURSION_AVAILABLE = 0x0080;
/** Points to the name in the question. */
const SAME_NAME = 0xc000 + HEADER_BYTES;

export interface Question {
  id: number;
  flags: number;
  /** To be repeated in the answer, letter by letter. */
  bytes: Uint8Array;
  /** Null: no name that a list could hold. */
  name: string | null;
  type: number;
}

/** A question that can only be answered with a code. */
export interface BadQuestion {
  id: number;
  flags: number;
  rcode: Rcode;
}

const readName = (reader: ByteReader): string | null => {
  const labels: string[] = [];
  for (;;) {
    const length = reader.uint(1);
    if (length > MAX_LABEL_BYTES || reader.overrun) return null;
    if (length === 0) return labels.join(".");
    const label = Buffer.from(reader.take(length)).toString("latin1");
    // A dot inside a label would be read as two labels.
    labels.push(label.includes(".") ? " " : label);
  }
};

/** Null: not worth an answer. */
export const readQuestion = (message: Uint8Array): Question | BadQuestion | null => {
  const reader = new ByteReader(message);
  const id = reader.uint(2);
  const flags = reader.uint(2);
  const [questions, answers, authorities] = [reader.uint(2), reader.uint(2), reader.uint(2)];
  reader.take(2);
  if (reader.overrun || (flags & RESPONSE) !== 0) return null;
  if ((flags & OPCODE) !== 0) return { id, flags, rcode: "notImplemented" };
  if (message.length > MAX_MESSAGE_BYTES || questions !== 1 || answers + authorities > 0) {
    return { id, flags, rcode: "malformed" };
  }
  const text = readName(reader);
  const [type, classCode] = [reader.uint(2), reader.uint(2)];
  if (text === null || reader.overrun) return { id, flags, rcode: "malformed" };
  if (classCode !== CLASS_IN) return { id, flags, rcode: "notImplemented" };
  const bytes = message.subarray(HEADER_BYTES, message.length - reader.left);
  return { id, flags, bytes, name: canonicalDomain(text), type };
};

export interface Answer {
  rcode: Rcode;
  /** IPv4, as text; those beyond what fits are left out. */
  addresses?: string[];
  ttlSec?: number;
}

export const writeAnswer = (question: Question | BadQuestion, answer: Answer): Buffer => {
  const { id, flags } = question;
  const questionBytes = "bytes" in question ? question.bytes : new Uint8Array(0);
  const addresses = (answer.addresses ?? []).slice(0, MAX_ADDRESSES);
  const header = Buffer.alloc(HEADER_BYTES);
  const kept = flags & (OPCODE | RECURSION_DESIRED);
  header.writeUInt16BE(id, 0);
  header.writeUInt16BE(RESPONSE | kept | RECURSION_AVAILABLE | RCODE[answer.rcode], 2);
  header.writeUInt16BE(questionBytes.length === 0 ? 0 : 1, 4);
  header.writeUInt16BE(addresses.length, 6);
  const records = addresses.map((address) => {
    const octets = address.split(".").map(Number);
    const record = Buffer.alloc(12 + octets.length);
    record.writeUInt16BE(SAME_NAME, 0);
    record.writeUInt16BE(TYPE_A, 2);
    record.writeUInt16BE(CLASS_IN, 4);
    record.writeUInt32BE(answer.ttlSec ?? 0, 6);
    record.writeUInt16BE(octets.length, 10);
    record.set(octets, 12);
    return record;
  });
  return Buffer.concat([header, questionBytes, ...records]);
};
