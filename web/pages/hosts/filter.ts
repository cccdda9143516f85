/** Which hosts are left by what the person typed. */
import type { Host } from "../../state/hosts.ts";
import { stateLabel } from "./status.ts";

const textOf = (host: Host): string =>
  [
    host.name,
    host.id,
    stateLabel(host),
    host.team_name,
    host.provider,
    host.availability_zone,
    host.address,
    host.accelerator,
  ]
    .join("\n")
    .toLowerCase();

/** Those that hold every word somewhere. */
export const filterHosts = (hosts: readonly Host[], text: string): readonly Host[] => {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return hosts;
  return hosts.filter((host) => {
    const found = textOf(host);
    return words.every((word) => found.includes(word));
  });
};
