/**
 * This machine's nftables table for the hosts on it: they reach the server and, as any host does, the
 * internet, but no other service of this machine.
 */
import { devicePrefix, formatAddress, RANGE_SIZE, tableName } from "./plan.ts";

export interface LinkRulesOptions {
  label: string;
  /** Lowest address of the links. */
  first: number;
  /** Of this machine, where hosts look for the server. */
  port: number;
  /** Where it listens. */
  server: { address: string; port: number };
}

/** For `nft -f`: replaces the table in one transaction. */
export const linkRules = ({ label, first, port, server }: LinkRulesOptions): string => {
  const links = `"${devicePrefix(label)}*"`;
  const range = `${formatAddress(first)}-${formatAddress(first + RANGE_SIZE - 1)}`;
  return `
table inet ${tableName(label)}
delete table inet ${tableName(label)}
table inet ${tableName(label)} {
  chain to_server {
    type nat hook prerouting priority dstnat; policy accept;
    iifname ${links} fib daddr type local tcp dport ${port} dnat ip to ${server.address}:${server.port}
  }
  chain input {
    type filter hook input priority filter - 5; policy accept;
    iifname ${links} jump from_host
  }
  chain from_host {
    ct state established,related accept
    ct status dnat accept
    meta l4proto { icmp, ipv6-icmp } accept
    meta l4proto { tcp, udp } th dport 53 accept
    reject
  }
  chain internet {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr ${range} oifname != ${links} masquerade
  }
}
`;
};
