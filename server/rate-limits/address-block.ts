/** Who a client address stands for: an IPv4 address itself, of IPv6 the /64 that one subscriber has whole. */
import { isIP } from "node:net";

/** Some proxies write the port too: `203.0.113.7:4711`, `[2001:db8::1]:4711`. */
const withoutPort = (text: string): string =>
  /^\[([^\]]+)\](?::\d+)?$/.exec(text)?.[1] ?? /^([\d.]+):\d+$/.exec(text)?.[1] ?? text;

const groupsOf = (text: string): string[] => text.split(":").filter((group) => group !== "");

/** The first half of an IPv6 address, e.g. `2001:db8:0:1::/64`. */
const prefixOf = (address: string): string => {
  const [head = "", tail] = address.split("::");
  const left = groupsOf(head);
  const right = tail === undefined ? [] : groupsOf(tail);
  // Dots at the end stand for two groups.
  const written = left.length + right.length + (address.includes(".") ? 1 : 0);
  const gap = Array.from({ length: Math.max(0, 8 - written) }, () => "0");
  const groups = [...left, ...gap, ...right].slice(0, 4);
  return `${groups.map((group) => Number.parseInt(group, 16).toString(16)).join(":")}::/64`;
};

/** Null and what is no address at all (only a trusted proxy could say that) count as one client. */
export const addressBlock = (client: string | null): string => {
  const address = withoutPort(client ?? "").replace(/^::ffff:(?=\d+\.)/i, "");
  const family = isIP(address);
  if (family === 0) return "unknown";
  return family === 4 ? address : prefixOf(address);
};
