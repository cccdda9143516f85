/** Which addresses are the host's surroundings rather than the internet. */
import { networkInterfaces } from "node:os";

import { interfacePrefix } from "./plan.ts";

/** Never part of the internet (IANA's special-purpose registry), whatever the host is connected to. */
export const NOT_INTERNET = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  // link-local, with the metadata service of clouds
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "224.0.0.0/4",
  "240.0.0.0/4",
];

/**
 * Networks the host is directly connected to, with its own addresses; sorted, each once. The instance's
 * own interfaces come and go and are left out: their addresses are private ones anyway.
 */
export const connectedNetworks = (instanceId: string): string[] => {
  const networks = new Set<string>();
  for (const [name, addresses] of Object.entries(networkInterfaces())) {
    if (name.startsWith(interfacePrefix(instanceId))) continue;
    for (const { family, cidr } of addresses ?? []) {
      if (family === "IPv4" && cidr !== null) networks.add(cidr);
    }
  }
  return [...networks].sort();
};
