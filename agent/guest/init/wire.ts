/**
 * /init in one datagram each way, as bytes, so that the thread that answers need not run JavaScript: after a restore
 * emulation has to translate all code anew that runs before the answer. Both ends are little endian.
 *
 * Request: magic (4), bytes of the host name (u16), of the entropy (u16), time to set in seconds and nanoseconds
 * (i64 each), attempt (16), host name, entropy, the settings as JSON. Answer: magic, status (u32), attempt.
 */
import type { InitSettings } from "../protocol.ts";

export const INIT_MAGIC = "WRI1";
/** What a datagram must fit in to pass the sandbox's network in one piece; a larger order goes over HTTP. */
export const MAX_DATAGRAM_BYTES = 1_400;
/** Less would not tell two clones apart for certain. */
export const MIN_ENTROPY_BYTES = 16;
export const MAX_ENTROPY_BYTES = 256;
/** The kernel's own limit. */
export const MAX_HOSTNAME_BYTES = 64;

const HEADER_BYTES = 40;
const ATTEMPT_AT = 24;
const ATTEMPT_BYTES = 16;
const ANSWER_BYTES = 24;
const STATUS_AT = 4;
const ANSWERED_ATTEMPT_AT = 8;

export interface InitOrder {
  time: Date;
  entropy: Uint8Array;
  settings: InitSettings & { attemptId: string };
}

/** The 16 bytes of an attempt's id; null when it is not 32 hex digits. */
export const attemptBytes = (attemptId: string): Uint8Array | null =>
  /^[0-9a-f]{32}$/.test(attemptId) ? Uint8Array.fromHex(attemptId) : null;

/** Null when it is too long for a datagram. Throws when the attempt's id is not 32 hex digits. */
export const encodeInit = ({ time, entropy, settings }: InitOrder): Buffer | null => {
  const attempt = attemptBytes(settings.attemptId);
  if (attempt === null) throw new Error("an attempt's id has 32 hex digits");
  const hostname = Buffer.from(settings.identity?.hostname ?? "");
  const header = Buffer.alloc(HEADER_BYTES);
  header.write(INIT_MAGIC, "latin1");
  header.writeUInt16LE(hostname.byteLength, 4);
  header.writeUInt16LE(entropy.byteLength, 6);
  header.writeBigInt64LE(BigInt(Math.floor(time.getTime() / 1_000)), 8);
  header.writeBigInt64LE(BigInt((time.getTime() % 1_000) * 1_000_000), 16);
  header.set(attempt, ATTEMPT_AT);
  const datagram = Buffer.concat([header, hostname, entropy, Buffer.from(JSON.stringify(settings))]);
  return datagram.byteLength <= MAX_DATAGRAM_BYTES ? datagram : null;
};

/**
 * 0: done. An errno: EINVAL for what is no order, EAGAIN while too many others wait for a look at them, or what
 * the kernel said; null: this is no answer to that attempt, as an earlier version's is not.
 */
export const readInitAnswer = (bytes: Buffer, attemptId: string): number | null =>
  bytes.byteLength === ANSWER_BYTES &&
  bytes.toString("latin1", 0, STATUS_AT) === INIT_MAGIC &&
  bytes.toString("hex", ANSWERED_ATTEMPT_AT, ANSWERED_ATTEMPT_AT + ATTEMPT_BYTES) === attemptId
    ? bytes.readUInt32LE(STATUS_AT)
    : null;
