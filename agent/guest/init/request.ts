/** Reads the body of /init: every field checked, the first wrong one named. */
import type { InitSettings } from "../protocol.ts";
import { MAX_ENTROPY_BYTES, MIN_ENTROPY_BYTES } from "./wire.ts";

export class InvalidInit extends Error {
  override name = "InvalidInit";
}

/** What the machine itself gets. */
export interface Renewal {
  timestamp: Date;
  entropy: Uint8Array;
}

/** What the guest agent keeps. */
export interface Settings {
  accessToken: string;
  attemptId: string | null;
  envVars: Record<string, string> | null;
  defaultUser: string | null;
  defaultWorkdir: string | null;
  identity: InitSettings["identity"] | null;
}

const HOSTNAME = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i;
const MACHINE_ID = /^[0-9a-f]{32}$/;

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isAbsent = (value: unknown): value is null | undefined => value === undefined || value === null;

const text = (body: Record<string, unknown>, field: string): string => {
  const value = body[field];
  if (typeof value !== "string" || value === "") throw new InvalidInit(`${field} must be a non-empty string`);
  return value;
};

const optionalText = (body: Record<string, unknown>, field: string): string | null =>
  isAbsent(body[field]) || body[field] === "" ? null : text(body, field);

const timestamp = (body: Record<string, unknown>): Date => {
  const time = new Date(text(body, "timestamp"));
  if (Number.isNaN(time.getTime())) throw new InvalidInit("timestamp must be an RFC 3339 time");
  return time;
};

const entropy = (body: Record<string, unknown>): Uint8Array => {
  let bytes: Uint8Array;
  try {
    bytes = Uint8Array.fromBase64(text(body, "entropy"));
  } catch (error) {
    if (error instanceof InvalidInit) throw error;
    throw new InvalidInit("entropy must be base64");
  }
  if (bytes.byteLength < MIN_ENTROPY_BYTES || bytes.byteLength > MAX_ENTROPY_BYTES) {
    throw new InvalidInit(`entropy must have ${MIN_ENTROPY_BYTES} to ${MAX_ENTROPY_BYTES} bytes`);
  }
  return bytes;
};

const environment = (body: Record<string, unknown>): Record<string, string> | null => {
  const { envVars } = body;
  if (isAbsent(envVars)) return null;
  if (!isRecord(envVars)) throw new InvalidInit("envVars must be an object");
  const checked: Record<string, string> = {};
  for (const [name, value] of Object.entries(envVars)) {
    if (name === "" || /[=\0]/.test(name) || typeof value !== "string" || value.includes("\0")) {
      throw new InvalidInit(`envVars: '${name}' is not a valid variable`);
    }
    checked[name] = value;
  }
  return checked;
};

const identity = (body: Record<string, unknown>): Settings["identity"] => {
  const { identity } = body;
  if (isAbsent(identity)) return null;
  if (!isRecord(identity)) throw new InvalidInit("identity must be an object");
  const { hostname, machineId } = identity;
  if (typeof hostname !== "string" || !HOSTNAME.test(hostname))
    throw new InvalidInit("identity.hostname is not a host name");
  if (typeof machineId !== "string" || !MACHINE_ID.test(machineId)) {
    throw new InvalidInit("identity.machineId must be 32 hex digits");
  }
  return { hostname, machineId };
};

const record = (body: unknown): Record<string, unknown> => {
  if (!isRecord(body)) throw new InvalidInit("the body must be a JSON object");
  return body;
};

/** Throws `InvalidInit`. */
export const parseRenewal = (body: unknown): Renewal => {
  const fields = record(body);
  return { timestamp: timestamp(fields), entropy: entropy(fields) };
};

/** Throws `InvalidInit`; fields this version does not know are passed over. */
export const parseSettings = (body: unknown): Settings => {
  const fields = record(body);
  return {
    accessToken: text(fields, "accessToken"),
    attemptId: optionalText(fields, "attemptId"),
    envVars: environment(fields),
    defaultUser: optionalText(fields, "defaultUser"),
    defaultWorkdir: optionalText(fields, "defaultWorkdir"),
    identity: identity(fields),
  };
};
