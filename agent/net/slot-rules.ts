/**
 * The nftables table inside a slot's namespace: it gives the guest an address the host can dial, keeps
 * a program that broke out of the VM off the network, and holds the sandbox's own egress rules.
 */
import { GATEWAY_ADDRESS, GUEST_ADDRESS } from "../system/guest-network.ts";
import { toSetElements } from "./cidr.ts";
import { TAP_NAME, UPLINK_NAME } from "./plan.ts";
import { REFUSE_CHAIN } from "./refuse-chain.ts";
import { type NetworkPolicy, OPEN_POLICY } from "./slots.ts";

export const isOpenPolicy = ({
  allowInternet,
  allowCidrs,
  denyCidrs,
  allowDomains,
}: NetworkPolicy): boolean =>
  allowInternet && allowCidrs.length === 0 && denyCidrs.length === 0 && allowDomains.length === 0;

const REFUSE = "goto refuse";
/** DNS goes to the gateway and was turned round to the host in `prerouting`. */
const DNS = "ct status dnat meta l4proto { tcp, udp } th dport 53 accept";

const element = (cidrs: string[]): string => `ip daddr { ${toSetElements(cidrs)} }`;

/** Allowed networks win over denied ones; without the internet there is nothing, not even DNS. */
const egressRules = ({ allowInternet, allowCidrs, denyCidrs, allowDomains }: NetworkPolicy): string[] => {
  if (!allowInternet) return [REFUSE];
  return [
    DNS,
    ...(allowCidrs.length > 0 ? [`${element(allowCidrs)} accept`] : []),
    ...(denyCidrs.length > 0 ? [`${element(denyCidrs)} ${REFUSE}`] : []),
    allowDomains.length > 0 ? REFUSE : "accept",
  ];
};

/** For `nft -f` in the namespace: the old rules hold until all the new ones do. Throws `BadCidr`. */
export const policyRules = (policy: NetworkPolicy): string =>
  [
    "flush chain inet slot egress",
    ...egressRules(policy).map((rule) => `add rule inet slot egress ${rule}`),
    "",
  ].join("\n");

/**
 * Only the host's end of the pair may begin a connection to the guest: what still comes back for an
 * earlier user of the slot finds no way in. Egress rules are asked for every packet the guest sends on
 * its own, so a change also ends what is under way.
 * @param hostAddress of the host's end of the pair
 */
export const slotRules = (hostAddress: string): string => `
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
    iifname "${TAP_NAME}" ip daddr ${GATEWAY_ADDRESS} meta l4proto { tcp, udp } th dport 53 dnat ip to ${hostAddress}
  }
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    oifname { "${TAP_NAME}", "${UPLINK_NAME}" } masquerade
  }
  chain input {
    type filter hook input priority filter; policy drop;
    iifname "${TAP_NAME}" goto refuse
  }
  chain output {
    type filter hook output priority filter; policy accept;
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
}
${policyRules(OPEN_POLICY)}`;
