/** Makes, cuts, mends and removes the links of hosts that share this machine. */
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { runTool } from "../system-tool.ts";
import {
  devicePrefix,
  type HostLink,
  NAMESPACE_DIRECTORY,
  namespacePrefix,
  numberAfter,
  planLink,
  tableName,
  UPLINK_NAME,
} from "./plan.ts";
import { chooseRange, readRoutes } from "./range.ts";
import { linkRules, type LinkRulesOptions } from "./rules.ts";

const INTERFACE_DIRECTORY = "/sys/class/net";
const SETTINGS = "/proc/sys/net/ipv4";
/** What a namespace has besides the networks of sandboxes. */
const OWN_INTERFACES = new Set(["lo", UPLINK_NAME]);

const ip = async (lines: string[], namespace?: string): Promise<void> => {
  const where = namespace === undefined ? [] : ["-n", namespace];
  await runTool(["ip", ...where, "-batch", "-"], { input: `${lines.join("\n")}\n` });
};

const connectLines = ({ machineAddress }: HostLink): string[] => [
  `link set ${UPLINK_NAME} up`,
  `route replace default via ${machineAddress}`,
];

const removeLink = async ({ device, namespace }: Pick<HostLink, "device" | "namespace">): Promise<void> => {
  if (existsSync(join(INTERFACE_DIRECTORY, device))) await runTool(["ip", "link", "del", device]);
  if (existsSync(join(NAMESPACE_DIRECTORY, namespace))) await runTool(["ip", "netns", "del", namespace]);
};

/** One that is whole stays as it is: sandboxes may be running behind it. */
const makeLink = async (link: HostLink): Promise<void> => {
  const { device, namespace, machineAddress, hostAddress } = link;
  const isWhole =
    existsSync(join(INTERFACE_DIRECTORY, device)) && existsSync(join(NAMESPACE_DIRECTORY, namespace));
  if (!isWhole) {
    await removeLink(link);
    await ip([
      `netns add ${namespace}`,
      `link add ${device} type veth peer name ${UPLINK_NAME} netns ${namespace}`,
      `addr add ${machineAddress}/31 dev ${device}`,
      `link set ${device} up`,
    ]);
    await ip(["link set lo up", `addr add ${hostAddress}/31 dev ${UPLINK_NAME}`], namespace);
  }
  await ip(connectLines(link), namespace);
  // A server that listens on loopback alone is reached from here.
  writeFileSync(join(SETTINGS, "conf", device, "route_localnet"), "1");
};

export interface Links {
  /** Lowest address of all. */
  first: number;
  hosts: HostLink[];
}

/** Links of hosts 1 to `count`, whole and connected. Throws `CommandFailure`. */
export const openLinks = async (
  options: Omit<LinkRulesOptions, "first"> & { count: number },
): Promise<Links> => {
  const { label, count, port, server } = options;
  const first = chooseRange(label, await readRoutes());
  const hosts = Array.from({ length: count }, (_, index) => planLink(label, first, index + 1));
  await steerLinks({ label, first, port, server });
  // Like the agent for its sandboxes; something else may have come to rely on it, so it stays.
  writeFileSync(join(SETTINGS, "ip_forward"), "1");
  for (const link of hosts) await makeLink(link);
  return { first, hosts };
};

/** From now on what the hosts send to the server goes to the one at `server`. */
export const steerLinks = async (options: LinkRulesOptions): Promise<void> => {
  await runTool(["nft", "-f", "-"], { input: linkRules(options) });
};

/** The cable is pulled at the host's end: nothing passes either way until it is mended. */
export const cutLink = ({ namespace }: HostLink): Promise<void> =>
  ip([`link set ${UPLINK_NAME} down`], namespace);

export const mendLink = (link: HostLink): Promise<void> => ip(connectLines(link), link.namespace);

const findNumbers = (label: string): number[] => {
  const numbersIn = (directory: string, prefix: string): (number | null)[] =>
    existsSync(directory) ? readdirSync(directory).map((name) => numberAfter(prefix, name)) : [];
  const found = [
    ...numbersIn(INTERFACE_DIRECTORY, devicePrefix(label)),
    ...numbersIn(NAMESPACE_DIRECTORY, namespacePrefix(label)),
  ];
  return [...new Set(found.filter((number) => number !== null))];
};

/** Sandboxes that outlived their agent have their networks in the host's namespace. */
const isInUse = async (namespace: string): Promise<boolean> => {
  if (!existsSync(join(NAMESPACE_DIRECTORY, namespace))) return false;
  const listed: { ifname: string }[] = JSON.parse(await runTool(["ip", "-n", namespace, "-j", "link"]));
  return listed.some(({ ifname }) => !OWN_INTERFACES.has(ifname));
};

/** Takes away the links and the rules; with `unused` those stay behind which sandboxes run. */
export const removeLinks = async (label: string, which: "all" | "unused"): Promise<void> => {
  let areAllGone = true;
  for (const number of findNumbers(label)) {
    const [device, namespace] = [`${devicePrefix(label)}${number}`, `${namespacePrefix(label)}${number}`];
    if (which === "unused" && (await isInUse(namespace))) areAllGone = false;
    else await removeLink({ device, namespace });
  }
  if (!areAllGone) return;
  const table = tableName(label);
  await runTool(["nft", "-f", "-"], { input: `table inet ${table}\ndelete table inet ${table}\n` });
};
