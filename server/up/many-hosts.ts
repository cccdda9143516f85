/**
 * Several hosts on this machine, each in a network namespace of its own with an address of its own, so that
 * links between them and the server can be cut as between real ones. The first builds `minimal` for all.
 */
import { readFileSync } from "node:fs";
import { isIPv4 } from "node:net";
import { hostname } from "node:os";
import { join } from "node:path";

import { awaitOnline, startAgent, stopAgent } from "./agent-child.ts";
import type { DataPaths } from "./data-directory.ts";
import { CommandFailure } from "./failure.ts";
import { checkMachine, type HostJoin, joinAsHost } from "./host.ts";
import { openLinks, removeLinks } from "./links/links.ts";
import { type HostLink, linkLabel } from "./links/plan.ts";
import { hasImages, seedHost } from "./seed-host.ts";
import type { StartOptions } from "./start-options.ts";
import type { HostOfMany, HostStart, StartedHosts } from "./started-hosts.ts";
import type { Supervised } from "./supervise.ts";
import { waitForMinimal } from "./template-progress.ts";

interface RunningHost {
  host: HostOfMany;
  agent: Supervised;
}

type ManyStart = HostStart & { count: number };

/** A resolver on this machine's loopback cannot be asked from another network namespace. */
const requireResolver = (): void => {
  const servers = readFileSync("/etc/resolv.conf", "utf8").matchAll(/^\s*nameserver\s+(\S+)/gm);
  const addresses = [...servers].map(([, address = ""]) => address);
  if (addresses.some((address) => !address.startsWith("127.") && address !== "::1")) return;
  throw new CommandFailure(
    "missing_rights",
    "several hosts need a name server that is not on this machine's loopback: name one in /etc/resolv.conf",
  );
};

/** Where the hosts' directories are: `hosts/1`, `hosts/2` and so on. */
const directoryOf = (paths: DataPaths, number: number): string => join(paths.hosts, String(number));

/** By the link, unless the server answers to a name of its own certificate only. */
const serverUrlFor = (serverUrl: string, link: HostLink): string => {
  const url = new URL(serverUrl);
  if (url.protocol === "http:") url.hostname = link.machineAddress;
  return url.origin;
};

const planJoin = ({ paths }: StartOptions, start: ManyStart, link: HostLink): HostJoin => {
  const directory = directoryOf(paths, link.number);
  return {
    api: start.api,
    agentPath: start.agentPath,
    directory,
    name: `${hostname().slice(0, 90) || "this machine"} ${link.number}`,
    launcher: link.launcher,
    environment: {
      WRENN_DIR: directory,
      WRENN_SERVER: serverUrlFor(start.serverUrl, link),
      WRENN_AGENT_LISTEN: link.listen,
      WRENN_ADDRESS: `https://${link.listen}`,
    },
  };
};

/** Registered if need be, running and online. It is in `running` as soon as it must be stopped again. */
const startHost = async (
  options: StartOptions,
  { start, link, running }: { start: ManyStart; link: HostLink; running: RunningHost[] },
): Promise<RunningHost & { runsBy: string }> => {
  const join = planJoin(options, start, link);
  const { hostId } = await joinAsHost(join);
  const { agentPath, launcher, environment, directory } = join;
  const agent = await startAgent(options, {
    name: `agent-${link.number}`,
    agentPath,
    launcher,
    environment,
  });
  const { namespace, hostAddress } = link;
  const started = { agent, host: { id: hostId, directory, namespace, address: hostAddress } };
  running.push(started);
  return { ...started, runsBy: await awaitOnline(agent, start.api, hostId) };
};

/** Where the links lead to, on this machine. */
const reachServer = (listen: string): { address: string; port: number } => {
  const { hostname, port } = new URL(`tcp://${listen}`);
  if (isIPv4(hostname))
    return { address: hostname === "0.0.0.0" ? "127.0.0.1" : hostname, port: Number(port) };
  throw new CommandFailure(
    "bad_flag",
    `several hosts reach the server by IPv4, but it listens on ${listen}: set WRENN_LISTEN to an IPv4 address`,
  );
};

const openNetwork = async (options: StartOptions, start: ManyStart): Promise<HostLink[]> => {
  const { paths, listen, closers, steps } = options;
  return steps.run("networks of the hosts", async (step) => {
    requireResolver();
    const label = linkLabel(paths.root);
    closers.push(() => removeLinks(label, "unused"));
    const { protocol, port } = new URL(start.serverUrl);
    const dialled = Number(port) || (protocol === "https:" ? 443 : 80);
    const server = reachServer(listen);
    const { hosts } = await openLinks({ label, count: start.count, port: dialled, server });
    step.detail(hosts.map(({ hostAddress }) => hostAddress).join(", "));
    return hosts;
  });
};

/** Resolves when sandboxes of `minimal` can be put on each. */
export const startManyHosts = async (options: StartOptions, start: ManyStart): Promise<StartedHosts> => {
  const { paths, steps, closers, hurried } = options;
  const { api } = start;
  const [firstLink, ...otherLinks] = await openNetwork(options, start);
  if (firstLink === undefined) throw new Error("no host was asked for");
  const running: RunningHost[] = [];
  closers.push(async () => {
    await Promise.all(running.map(({ agent }) => stopAgent(agent, hurried)));
  });

  const firstDirectory = directoryOf(paths, 1);
  // Built by an earlier start of this machine as the only host.
  if (!hasImages(firstDirectory) && hasImages(paths.host)) await seedHost(paths.host, firstDirectory);
  const first = await steps.run("host 1", async (step) => {
    await checkMachine(planJoin(options, start, firstLink));
    const started = await startHost(options, { start, link: firstLink, running });
    step.detail(started.runsBy);
    return started;
  });
  await steps.run("template minimal", async (step) => {
    const wasBuilt = await Promise.race([waitForMinimal(api, first.host.id, step), first.agent.failed]);
    step.detail(wasBuilt ? "built" : "present");
  });
  await steps.run("the other hosts", async (step) => {
    let ready = 0;
    await Promise.all(
      otherLinks.map(async (link) => {
        const directory = directoryOf(paths, link.number);
        if (!hasImages(directory)) await seedHost(firstDirectory, directory);
        const { host, agent } = await startHost(options, { start, link, running });
        await Promise.race([waitForMinimal(api, host.id, step), agent.failed]);
        ready += 1;
        step.progress(`${ready} of ${otherLinks.length}`, ready / otherLinks.length);
      }),
    );
    step.detail(`${otherLinks.length} with minimal`);
  });
  for (const { agent } of running) agent.keepAlive();
  return {
    failed: Promise.race(running.map(({ agent }) => agent.failed)),
    directory: firstDirectory,
    many: running
      .map(({ host }) => host)
      .toSorted((a, b) => a.directory.localeCompare(b.directory, "en", { numeric: true })),
  };
};
