/** What /metrics and /ports may answer: root in a sandbox can put any program there. */
import type { GuestMetrics } from "../guest/protocol.ts";

/** The last second that a timestamp of the wire can name. */
const MAX_UNIX_SECONDS = 253_402_300_799;
const MAX_CPUS = 65_536;
const MAX_PORT = 65_535;

type Fields = Record<string, unknown>;

const fieldsOf = (answer: unknown): Fields => {
  if (typeof answer !== "object" || answer === null) throw new Error("the answer is not an object");
  return answer as Fields;
};

const wholeNumber = (fields: Fields, name: string, max = Number.MAX_SAFE_INTEGER): number => {
  const value = fields[name];
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0 && value <= max) return value;
  throw new Error(`${name} is not a number from 0 to ${max}`);
};

const amount = (fields: Fields, name: string): number => {
  const value = fields[name];
  if (typeof value === "number" && Number.isFinite(value) && value >= 0) return value;
  throw new Error(`${name} is not a positive number`);
};

/** Throws where a field is missing or not what the wire to the server can carry; further fields are left out. */
export const parseMetrics = (answer: unknown): GuestMetrics => {
  const fields = fieldsOf(answer);
  return {
    ts: wholeNumber(fields, "ts", MAX_UNIX_SECONDS),
    cpu_count: wholeNumber(fields, "cpu_count", MAX_CPUS),
    cpu_used_pct: amount(fields, "cpu_used_pct"),
    mem_total: wholeNumber(fields, "mem_total"),
    mem_used: wholeNumber(fields, "mem_used"),
    mem_cache: wholeNumber(fields, "mem_cache"),
    disk_used: wholeNumber(fields, "disk_used"),
    disk_total: wholeNumber(fields, "disk_total"),
  };
};

const isPort = (value: unknown): value is number =>
  typeof value === "number" && Number.isInteger(value) && value > 0 && value <= MAX_PORT;

/** Throws where it is not a list of port numbers. */
export const parsePorts = (answer: unknown): number[] => {
  const { ports } = fieldsOf(answer);
  if (!Array.isArray(ports) || !ports.every(isPort)) throw new Error("ports is not a list of ports");
  return ports;
};
