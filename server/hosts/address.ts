/**
 * Where the server dials a host. Teams name addresses too, and what they name must not lead to what only
 * the server can reach.
 */
import { BlockList, isIP } from "node:net";

import { isLoopback } from "../../proto/loopback.ts";
import type { ServerConfig } from "../config.ts";
import { type ApiError, invalidRequest } from "../errors.ts";

const blockList = (family: "ipv4" | "ipv6", subnets: readonly (readonly [string, number])[]): BlockList => {
  const list = new BlockList();
  for (const [network, prefix] of subnets) list.addSubnet(network, prefix, family);
  return list;
};

/** This network, loopback, link-local (cloud metadata), multicast and what is reserved after it. */
const NO_HOSTS_IPV4 = blockList("ipv4", [
  ["0.0.0.0", 8],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["224.0.0.0", 3],
]);

/** Unspecified and loopback, IPv4 in IPv6's clothes (mapped, NAT64, 6to4), link-local, multicast. */
const NO_HOSTS_IPV6 = blockList("ipv6", [
  ["::", 96],
  ["::ffff:0:0", 96],
  ["64:ff9b::", 96],
  ["64:ff9b:1::", 48],
  ["2002::", 16],
  ["fe80::", 10],
  ["ff00::", 8],
]);

const refused = (code: string, why: string): ApiError => invalidRequest("address", code, `address: ${why}`);

/** A name may lead elsewhere tomorrow, so it has to be an address. */
const checkTeamsAddress = (name: string): void => {
  const family = isIP(name);
  if (family === 0) {
    throw refused("address", "a team's host is named by its IP address, as https://192.0.2.7:7070.");
  }
  if (family === 4 ? NO_HOSTS_IPV4.check(name, "ipv4") : NO_HOSTS_IPV6.check(name, "ipv6")) {
    throw refused("address", "no team's host can be there; give the address the server reaches it at.");
  }
};

/** What decides whether a host may be dialled at an address. */
export interface HostAddress {
  address: string;
  tlsCert: string | null;
  /** Null: the platform's. Its admins may name any place. */
  teamId: string | null;
}

/** What tells who can reach the server. */
export type Reach = Pick<ServerConfig, "isLoopback" | "publicUrl" | "trustedProxies">;

const hostnameOf = ({ hostname }: URL): string => hostname.replaceAll(/^\[|\]$/g, "");

/** Nobody but this machine, not by way of a proxy either: then teams' hosts are on it as well. */
const isLocal = ({ isLoopback: isBound, publicUrl, trustedProxies }: Reach): boolean =>
  isBound && trustedProxies.length === 0 && isLoopback(hostnameOf(new URL(publicUrl)));

/** Throws 400 unless the address is one the server can call, and safely. */
export const checkAddress = ({ address, tlsCert, teamId }: HostAddress, server: Reach): void => {
  const url = URL.parse(address);
  if (url === null || !/^https?:\/\/[^/?#@]+$/.test(address)) {
    throw refused("address", "expected scheme://host:port as http://127.0.0.1:7070.");
  }
  const name = hostnameOf(url);
  if (url.protocol === "http:" && !isLoopback(name)) {
    throw refused("tls", "plain http is for loopback only; use https.");
  }
  if (url.protocol === "https:" && tlsCert === null) {
    throw refused("tls", "the host registered without a certificate to pin; register it again for https.");
  }
  if (teamId !== null && !isLocal(server)) checkTeamsAddress(name);
};
