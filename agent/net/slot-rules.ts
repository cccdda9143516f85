/**
 * The nftables table inside a slot's namespace: it gives the guest an address the host can dial, keeps
 * a program that broke out of the VM off the network, and holds the sandbox's own egress rules.
 */
import { GATEWAY_ADDRESS, GUEST_ADDRESS } from "../system/guest-network.ts";
import { toSetElements } from "./cidr.ts";
import { TAP_NAME, UPLINK_NAME } from "./plan.ts";
import { REFUSE_CHAIN } from "./refuse-chain.ts";
import type { NetworkPolicy } from "./slots.ts";

/** Of HTTP and TLS: where a sandbox with domains reaches its gate, and this the servers. */
const GATE_PORTS = "{ 80, 443 }";
/** One guest must not keep the agent busy: what is dropped is sent again a little later. */
const NEW_CONNECTIONS = "200/second burst 400 packets";
const QUESTIONS = "500/second burst 500 packets";

const REFUSE = "goto refuse";
/** DNS goes to the gateway and was turned round to the host in `prerouting`. */
const DNS = "ct status dnat meta l4proto { tcp, udp } th dport 53 accept";

const element = (cidrs: string[]): string => `ip daddr { ${toSetElements(cidrs)} }`;

/** Allowed networks win over denied ones; without the internet there is nothing, not even DNS. */
const egressRules = ({ allowInternet, allowCidrs, denyCidrs, allowDomains }: NetworkPolicy): string[] => {
  if (!allowInternet) return [REFUSE];
  const allowed = allowCidrs.length > 0 ? [`${element(allowCidrs)} accept`] : [];
  if (allowDomains.length > 0) return [...allowed, REFUSE];
  return [DNS, ...allowed, ...(denyCidrs.length > 0 ? [`${element(denyCidrs)} ${REFUSE}`] : []), "accept"];
};

const needsGate = ({ allowInternet, allowDomains }: NetworkPolicy): boolean =>
  allowInternet && allowDomains.length > 0;

/** DNS stays in the namespace, and what goes to the gate's ports is turned round to it. */
const wayToGate = ({ allowCidrs }: NetworkPolicy): string[] => [
  `ip daddr ${GATEWAY_ADDRESS} udp dport 53 accept`,
  ...(allowCidrs.length > 0 ? [`${element(allowCidrs)} accept`] : []),
  `tcp dport ${GATE_PORTS} redirect`,
];

const AT_GATE = [
  `tcp dport ${GATE_PORTS} ct state new limit rate over ${NEW_CONNECTIONS} drop`,
  `udp dport 53 limit rate over ${QUESTIONS} drop`,
  `tcp dport ${GATE_PORTS} accept`,
  "udp dport 53 accept",
];

const fill = (chain: string, rules: string[]): string[] => [
  `flush chain inet slot ${chain}`,
  ...rules.map((rule) => `add rule inet slot ${chain} ${rule}`),
];

/** For `nft -f` in the namespace: the old rules hold until all the new ones do. Throws `BadCidr`. */
export const policyRules = (policy: NetworkPolicy): string =>
  [
    ...fill("egress", egressRules(policy)),
    ...fill("to_gate", needsGate(policy) ? wayToGate(policy) : []),
    ...fill("at_gate", needsGate(policy) ? AT_GATE : []),
    "",
  ].join("\n");

/**
 * Replaces the table in one transaction; what is under way goes on as far as the policy allows it.
 *
 * Only the host's end of the pair may begin a connection to the guest: what still comes back for an
 * earlier user of the slot finds no way in. Egress rules are asked for every packet the guest sends on
 * its own, so a change also ends what is under way. Of the programs in the namespace only root's have a
 * network, and that only as the gate needs it (`egress/gate.ts`).
 * @param hostAddress of the host's end of the pair
 */
export const slotRules = (hostAddress: string, policy: NetworkPolicy): string => `
table inet slot
delete table inet slot
table inet slot {
${REFUSE_CHAIN}
  chain anti_spoofing {
    type filter hook prerouting priority raw; policy accept;
    meta nfproto ipv6 drop
    iifname "${TAP_NAME}" ip saddr != ${GUEST_ADDRESS} drop
  }
  chain prerouting {
    type nat hook prerouting priority dstnat; policy accept;
    iifname "${UPLINK_NAME}" ip saddr ${hostAddress} meta l4proto { tcp, udp } dnat ip to ${GUEST_ADDRESS}
    iifname "${TAP_NAME}" jump to_gate
    iifname "${TAP_NAME}" ip daddr ${GATEWAY_ADDRESS} meta l4proto { tcp, udp } th dport 53 dnat ip to ${hostAddress}
  }
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    oifname { "${TAP_NAME}", "${UPLINK_NAME}" } masquerade
  }
  chain input {
    type filter hook input priority filter; policy drop;
    iifname "${TAP_NAME}" ip daddr ${GATEWAY_ADDRESS} tcp dport ${GATE_PORTS} ct state established accept
    iifname "${TAP_NAME}" ip daddr ${GATEWAY_ADDRESS} jump at_gate
    iifname "${TAP_NAME}" goto refuse
    iifname "${UPLINK_NAME}" ct direction reply ct state established,related accept
  }
  chain output {
    type filter hook output priority filter; policy accept;
    meta skuid 0 oifname "${TAP_NAME}" ct direction reply accept
    meta skuid 0 oifname "${UPLINK_NAME}" tcp dport ${GATE_PORTS} accept
    meta skuid >= 0 drop
  }
  chain forward {
    type filter hook forward priority filter; policy drop;
    iifname "${UPLINK_NAME}" oifname "${TAP_NAME}" ct direction original ip saddr ${hostAddress} accept
    iifname "${UPLINK_NAME}" oifname "${TAP_NAME}" ct direction reply ct state established,related accept
    iifname "${TAP_NAME}" oifname "${UPLINK_NAME}" ct direction reply accept
    iifname "${TAP_NAME}" oifname "${UPLINK_NAME}" jump egress
  }
  chain egress {
  }
  chain to_gate {
  }
  chain at_gate {
  }
}
${policyRules(policy)}`;
