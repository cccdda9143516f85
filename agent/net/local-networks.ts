/** Which addresses are the host's surroundings rather than the internet. */
import { networkInterfaces } from "node:os";

import { tableName } from "./plan.ts";

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

/** Networks the host is directly connected to, with its own addresses; sorted, each once. */
export const connectedNetworks = (): string[] => {
  const networks = new Set<string>();
  for (const addresses of Object.values(networkInterfaces())) {
    for (const { family, cidr } of addresses ?? []) {
      if (family === "IPv4" && cidr !== null) networks.add(cidr);
    }
  }
  return [...networks].sort();
};

/** Sandboxes' own interfaces come and go; their addresses are private ones anyway. */
export const surroundings = (): string[] =>
  connectedNetworks().filter((network) => !network.endsWith("/31") || !/^(10|172)\./.test(network));

export const LOCAL_SET = "surroundings";

/** One transaction: no packet sees a set half-filled. */
export const surroundingsUpdate = (instanceId: string, elements: string): string =>
  `flush set inet ${tableName(instanceId)} ${LOCAL_SET}\n` +
  `add element inet ${tableName(instanceId)} ${LOCAL_SET} { ${elements} }\n`;
