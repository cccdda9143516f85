/** What the machine must offer before sandboxes can have a network; each lack names its remedy. */
import { open, readFile, writeFile } from "node:fs/promises";

export type NetworkLack = "tun_missing" | "tool_missing" | "not_root" | "forwarding_off";

export class NetworkUnavailable extends Error {
  override name = "NetworkUnavailable";
  constructor(
    readonly code: NetworkLack,
    message: string,
  ) {
    super(message);
  }
}

const TUN_DEVICE = "/dev/net/tun";
const FORWARDING = "/proc/sys/net/ipv4/ip_forward";

const TOOLS: [tool: string, remedy: string][] = [
  ["ip", "install the package iproute2"],
  ["nsenter", "install the package util-linux"],
  ["busybox", "install the package busybox-static"],
  ["nft", "install the package nftables"],
];

const requireTun = async (device: string): Promise<void> => {
  try {
    await using _handle = await open(device, "r+");
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
    throw new NetworkUnavailable(
      "tun_missing",
      `${device} cannot be opened (${code}): load it with \`modprobe tun\`; in a container, pass the device ` +
        `through (\`--device ${device}\`) and allow NET_ADMIN`,
    );
  }
};

/** Throws `NetworkUnavailable` with the first thing that is missing. */
export const checkNetworkRequirements = async (tunDevice = TUN_DEVICE): Promise<void> => {
  if (process.getuid?.() !== 0)
    throw new NetworkUnavailable("not_root", "run the agent as root: it makes networks");
  for (const [tool, remedy] of TOOLS) {
    if (Bun.which(tool) === null)
      throw new NetworkUnavailable("tool_missing", `${tool} is missing: ${remedy}`);
  }
  await requireTun(tunDevice);
};

/**
 * Sandboxes reach the internet by way of this host. Like other container tools the agent turns the
 * kernel's forwarding on and leaves it on: something else may have come to rely on it.
 */
export const enableForwarding = async (): Promise<void> => {
  if ((await readFile(FORWARDING, "utf8")).trim() === "1") return;
  await writeFile(FORWARDING, "1").catch((cause: unknown) => {
    throw new NetworkUnavailable(
      "forwarding_off",
      `IPv4 forwarding is off and cannot be turned on (${String(cause)}): run \`sysctl -w net.ipv4.ip_forward=1\``,
    );
  });
};
