/**
 * The nftables table on the host that holds for all sandboxes of an instance: they reach the internet
 * and nothing else, and only root on this host reaches them. Interfaces are matched by the instance's
 * name prefix, so that a slot needs no rule here. Rules that differ by sandbox are in its own namespace.
 */
import { type AddressRange, formatAddress, toSetElements } from "./cidr.ts";
import { NOT_INTERNET } from "./local-networks.ts";
import { interfacePrefix, tableName } from "./plan.ts";
import { REFUSE_CHAIN } from "./refuse-chain.ts";

export interface HostRulesOptions {
  instanceId: string;
  range: AddressRange;
  /** Networks the operator lets sandboxes reach though they are not the internet. */
  egressAllow: string[];
  /** Networks this host is directly connected to. */
  surroundings: string[];
  /** Null: no DNS for sandboxes. */
  resolver: string | null;
}

const set = (name: string, cidrs: string[]): string => {
  const elements = toSetElements(cidrs);
  const content = elements === "" ? "" : ` elements = { ${elements} };`;
  return `set ${name} { type ipv4_addr; flags interval; auto-merge;${content} }`;
};

const redirectDns = (slots: string, range: string, resolver: string): string =>
  `iifname ${slots} ip daddr ${range} meta l4proto { tcp, udp } th dport 53 dnat ip to ${resolver}`;

/** For `nft -f`: replaces the table in one transaction, so that running sandboxes are never unguarded. */
export const hostRules = (options: HostRulesOptions): string => {
  const { instanceId, egressAllow, surroundings, resolver } = options;
  const slots = `"${interfacePrefix(instanceId)}*"`;
  const range = `${formatAddress(options.range.first)}-${formatAddress(options.range.last)}`;
  const refuse = "goto refuse";
  return `
table inet ${tableName(instanceId)}
delete table inet ${tableName(instanceId)}
table inet ${tableName(instanceId)} {
  ${set("not_internet", NOT_INTERNET)}
  ${set("surroundings", surroundings)}
  ${set("allowed", egressAllow)}

  chain anti_spoofing {
    type filter hook prerouting priority raw; policy accept;
    iifname ${slots} meta nfproto ipv6 drop
    iifname ${slots} fib saddr . iif oif 0 drop
  }
  chain dns {
    type nat hook prerouting priority dstnat; policy accept;
    ${resolver === null ? "" : redirectDns(slots, range, resolver)}
  }
  chain forward {
    type filter hook forward priority filter - 5; policy accept;
    iifname ${slots} jump from_sandbox
    oifname ${slots} jump to_sandbox
  }
${REFUSE_CHAIN}
  chain from_sandbox {
    oifname ${slots} ${refuse}
    ct status dnat meta l4proto { tcp, udp } th dport 53 accept
    ct direction reply accept
    fib daddr type != unicast ${refuse}
    ip daddr @allowed accept
    ip daddr @not_internet ${refuse}
    ip daddr @surroundings ${refuse}
    accept
  }
  chain to_sandbox {
    ct state established,related accept
    drop
  }
  chain input {
    type filter hook input priority filter - 5; policy accept;
    iifname ${slots} jump to_host
  }
  chain to_host {
    ct direction reply ct state established,related accept
    ct status dnat meta l4proto { tcp, udp } th dport 53 accept
    ${refuse}
  }
  chain output {
    type filter hook output priority filter - 5; policy accept;
    oifname ${slots} ct direction original meta skuid != 0 reject
  }
  chain internet {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr ${range} oifname != ${slots} masquerade
  }
}
`;
};
