/** Makes, cleans and removes single slots with `ip` and `nft`. */
import { existsSync } from "node:fs";

import { run } from "../system/exec.ts";
import {
  GATEWAY_ADDRESS,
  GATEWAY_MAC_ADDRESS,
  GUEST_ADDRESS,
  GUEST_MAC_ADDRESS,
  GUEST_PREFIX_BITS,
} from "../system/guest-network.ts";
import { NAMESPACE_DIRECTORY, type SlotPlan, TAP_NAME, UPLINK_NAME } from "./plan.ts";
import { policyRules, slotRules } from "./slot-rules.ts";
import { type NetworkPolicy, OPEN_POLICY } from "./slots.ts";

const ipBatch = async (lines: string[], namespace?: string): Promise<void> => {
  const where = namespace === undefined ? [] : ["-n", namespace];
  await run(["ip", ...where, "-batch", "-"], { input: `${lines.join("\n")}\n` });
};

/** Only the network namespace is entered: cheaper than `ip netns exec`, which also remounts /sys. */
const inNamespace = (namespace: string, argv: string[]): string[] => [
  "nsenter",
  `--net=${NAMESPACE_DIRECTORY}/${namespace}`,
  ...argv,
];

const NEIGHBOUR = `neigh replace ${GUEST_ADDRESS} lladdr ${GUEST_MAC_ADDRESS} dev ${TAP_NAME} nud permanent`;

/** Spares the first packet an ARP exchange on the pair; the tap's entry spares it after a restore. */
const upLines = (plan: SlotPlan): string[] => [
  `link set ${UPLINK_NAME} up`,
  `route replace default via ${plan.hostAddress}`,
  `link set ${TAP_NAME} up`,
  NEIGHBOUR,
];

const FORWARD = "net.ipv4.ip_forward=1";
/** A server that does not answer is given up within some ten seconds. */
const FEW_TRIES = "net.ipv4.tcp_syn_retries=2";
const NO_IPV6 = ["net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1"];

/** A kernel without IPv6 knows neither its settings nor its attributes. */
const hasIpv6 = (): boolean => existsSync("/proc/sys/net/ipv6");

/** The whole table: also in a slot that an older agent made, whose table was another. Throws `BadCidr`. */
export const setUpSlotRules = async (
  { namespace, hostAddress }: SlotPlan,
  policy: NetworkPolicy,
): Promise<void> => {
  await run(inNamespace(namespace, ["nft", "-f", "-"]), { input: slotRules(hostAddress, policy) });
};

/** Leaves nothing behind when it fails. Throws `CommandFailed`. */
export const makeSlot = async (plan: SlotPlan, options: { routeLoopback: boolean }): Promise<void> => {
  const { namespace, hostInterface, hostAddress, address, uid } = plan;
  try {
    await ipBatch([
      `netns add ${namespace}`,
      `link add ${hostInterface} type veth peer name ${UPLINK_NAME} netns ${namespace}`,
      ...(hasIpv6() ? [`link set ${hostInterface} addrgenmode none`] : []),
      `addr add ${hostAddress}/31 dev ${hostInterface}`,
      `link set ${hostInterface} up`,
    ]);
    await run(
      inNamespace(namespace, [
        "busybox",
        "sysctl",
        "-q",
        "-w",
        FORWARD,
        FEW_TRIES,
        ...(hasIpv6() ? NO_IPV6 : []),
      ]),
    );
    await ipBatch(
      [
        "link set lo up",
        `addr add ${address}/31 dev ${UPLINK_NAME}`,
        `tuntap add dev ${TAP_NAME} mode tap user ${uid}`,
        `link set ${TAP_NAME} address ${GATEWAY_MAC_ADDRESS}`,
        `addr add ${GATEWAY_ADDRESS}/${GUEST_PREFIX_BITS} dev ${TAP_NAME}`,
        ...upLines(plan),
      ],
      namespace,
    );
    await setUpSlotRules(plan, OPEN_POLICY);
    // a resolver on the host's own loopback address is reached from here
    if (options.routeLoopback) {
      await run(["busybox", "sysctl", "-q", "-w", `net.ipv4.conf.${hostInterface}.route_localnet=1`]);
    }
  } catch (error) {
    await removeSlots([plan]);
    throw error;
  }
};

export const applySlotPolicy = async (namespace: string, policy: NetworkPolicy): Promise<void> => {
  await run(inNamespace(namespace, ["nft", "-f", "-"]), { input: policyRules(policy) });
};

/**
 * Forgets every connection of the last user: taking the links down drops what was masqueraded through
 * them. Addresses stay; routes and neighbours come back with the links.
 */
export const cleanSlot = async (plan: SlotPlan): Promise<void> => {
  await ipBatch(
    [`link set ${TAP_NAME} down`, `link set ${UPLINK_NAME} down`, ...upLines(plan)],
    plan.namespace,
  );
};

/** What is not there is fine. The pairs go first: with their namespaces they would only vanish later. */
export const removeSlots = async (plans: Pick<SlotPlan, "hostInterface" | "namespace">[]): Promise<void> => {
  if (plans.length === 0) return;
  const lines = plans.flatMap(({ hostInterface, namespace }) => [
    `link del ${hostInterface}`,
    `netns del ${namespace}`,
  ]);
  // `-force` goes on after a line that fails; its exit code then tells nothing
  await run(["ip", "-force", "-batch", "-"], { input: `${lines.join("\n")}\n`, timeoutMs: 120_000 }).catch(
    () => undefined,
  );
};
