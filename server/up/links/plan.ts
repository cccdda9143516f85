/**
 * Names and addresses of hosts that share this machine: each in a network namespace of its own, joined to
 * this machine by a pair of interfaces. All follow from the data directory, the range and a number from 1.
 */
import { createHash } from "node:crypto";

/** Where named network namespaces are mounted. */
export const NAMESPACE_DIRECTORY = "/run/netns";
/** The host's end of its pair. */
export const UPLINK_NAME = "uplink";
/** Two addresses each, the first pair unused. */
export const MAX_HOSTS = 31;
export const RANGE_SIZE = 64;
/** Where the agent listens: in a namespace of its own the usual port is always free. */
const AGENT_PORT = 7070;

export interface HostLink {
  /** From 1. */
  number: number;
  namespace: string;
  /** This machine's end of the pair. */
  device: string;
  /** Where the host reaches this machine, and so the server. */
  machineAddress: string;
  hostAddress: string;
  /** `address:port` of its agent. */
  listen: string;
  /** What its programs are started through: only the network is another, files and processes are not. */
  launcher: string[];
}

/** Six hex digits that set the hosts of one data directory apart from another's. */
export const linkLabel = (realRoot: string): string =>
  createHash("sha256").update(realRoot).digest("hex").slice(0, 6);

export const devicePrefix = (label: string): string => `wrh${label}-`;

export const namespacePrefix = (label: string): string => `wrenn-host-${label}-`;

export const tableName = (label: string): string => `wrenn_hosts_${label}`;

export const formatAddress = (address: number): string =>
  [address >>> 24, (address >>> 16) & 255, (address >>> 8) & 255, address & 255].join(".");

/** @param first lowest address of the range, as an unsigned number */
export const planLink = (label: string, first: number, number: number): HostLink => {
  const namespace = `${namespacePrefix(label)}${number}`;
  const hostAddress = formatAddress(first + 2 * number + 1);
  return {
    number,
    namespace,
    device: `${devicePrefix(label)}${number}`,
    machineAddress: formatAddress(first + 2 * number),
    hostAddress,
    listen: `${hostAddress}:${AGENT_PORT}`,
    launcher: ["nsenter", `--net=${NAMESPACE_DIRECTORY}/${namespace}`],
  };
};

/** The number in a name that begins with `prefix`; null for any other name. */
export const numberAfter = (prefix: string, name: string): number | null => {
  const digits = name.startsWith(prefix) ? name.slice(prefix.length) : "";
  return /^[1-9]\d?$/.test(digits) && Number(digits) <= MAX_HOSTS ? Number(digits) : null;
};
