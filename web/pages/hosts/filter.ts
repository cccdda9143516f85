/** Which hosts are left by what the person typed. */
import type { Host } from "../../state/hosts.ts";
import { withWords } from "../../text/words.ts";
import { stateLabel } from "./status.ts";

/** Those that hold every word somewhere. */
export const filterHosts = (hosts: readonly Host[], text: string): readonly Host[] =>
  withWords(hosts, text, (host) => [
    host.name,
    host.id,
    stateLabel(host),
    host.team_name,
    host.provider,
    host.availability_zone,
    host.address,
    host.accelerator,
  ]);
