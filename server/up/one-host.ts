/** This machine as the only host of the instance. */
import { hostname } from "node:os";

import { awaitOnline, startAgent, stopAgent } from "./agent-child.ts";
import type { DataPaths } from "./data-directory.ts";
import { checkMachine, joinAsHost } from "./host.ts";
import { choosePort } from "./ports.ts";
import { readRemembered, remember } from "./remembered.ts";
import type { StartOptions } from "./start-options.ts";
import type { HostStart, StartedHosts } from "./started-hosts.ts";
import { waitForMinimal } from "./template-progress.ts";

/** The port the agent had before, when it still can. */
const chooseAgentPort = async (paths: DataPaths): Promise<number> => {
  const before = readRemembered(paths.remembered).agentPort;
  const agentPort = choosePort(before);
  if (agentPort !== before) await remember(paths.remembered, { agentPort });
  return agentPort;
};

/** Resolves when sandboxes of `minimal` can be put on it. */
export const startOneHost = async (
  options: StartOptions,
  { api, agentPath, serverUrl }: HostStart,
): Promise<StartedHosts> => {
  const { paths, steps, closers, hurried } = options;
  const agentPort = await chooseAgentPort(paths);
  const environment = {
    WRENN_DIR: paths.host,
    WRENN_SERVER: serverUrl,
    WRENN_AGENT_LISTEN: `127.0.0.1:${agentPort}`,
    WRENN_ADDRESS: `http://127.0.0.1:${agentPort}`,
  };
  const hostId = await steps.run("this machine as a host", async (step) => {
    await checkMachine({ agentPath, environment });
    const name = hostname().slice(0, 100) || "this machine";
    const join = { api, agentPath, directory: paths.host, environment, name, launcher: [] };
    const joined = await joinAsHost(join);
    step.detail(joined.isNew ? "registered" : "known");
    return joined.hostId;
  });
  const agent = await steps.run("agent", async (step) => {
    const agent = await startAgent(options, { name: "agent", agentPath, launcher: [], environment });
    closers.push(() => stopAgent(agent, hurried));
    step.detail(await awaitOnline(agent, api, hostId));
    return agent;
  });
  await steps.run("template minimal", async (step) => {
    const wasBuilt = await Promise.race([waitForMinimal(api, hostId, step), agent.failed]);
    step.detail(wasBuilt ? "built" : "present");
  });
  agent.keepAlive();
  return { failed: agent.failed, directory: paths.host, many: null };
};
