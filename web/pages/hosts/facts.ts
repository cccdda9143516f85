/** What a machine told of itself, in lines. */
import { html, type TemplateResult } from "lit";

import "../../components/id.ts";
import type { Host } from "../../state/hosts.ts";
import { formatMb } from "../../text/format.ts";
import { describeSize } from "./columns.ts";

export interface Fact {
  name: string;
  value: string | TemplateResult;
}

/** Without those that are not known. */
export const factsOf = (host: Host): readonly Fact[] => {
  const { free_memory_mb: freeMemoryMb, free_disk_mb: freeDiskMb, agent_version: version } = host;
  const facts: [string, string | TemplateResult | null][] = [
    ["Id", html`<wr-id label="host" value=${host.id}></wr-id>`],
    ["Team", host.team_name ?? null],
    ["Machine", describeSize(host)],
    ["Architecture", host.arch],
    ["Free memory", freeMemoryMb === null ? null : formatMb(freeMemoryMb)],
    ["Free disk", freeDiskMb === null ? null : formatMb(freeDiskMb)],
    ["Address", host.address],
    ["Agent", version],
    ["Provider", host.provider],
    ["Zone", host.availability_zone],
  ];
  return facts.flatMap(([name, value]) => (value === null || value === "" ? [] : [{ name, value }]));
};
