/** A host agent as a child of `up`, and its end: what runs on it is paused, unless patience is over. */
import type { ApiClient } from "./api-client.ts";
import type { ChildName } from "./children.ts";
import type { StartOptions } from "./start-options.ts";
import { startSupervised, type Supervised } from "./supervise.ts";
import { waitUntilOnline } from "./template-progress.ts";

/** Pausing writes the memory of every running sandbox. */
const GRACE_MS = 180_000;

export interface AgentChild {
  /** Of its pid file and its log. */
  name: ChildName;
  agentPath: string;
  /** What it is started through. It must become the agent. */
  launcher: string[];
  environment: Record<string, string>;
}

export const startAgent = async (
  { paths, steps }: Pick<StartOptions, "paths" | "steps">,
  { name, agentPath, launcher, environment }: AgentChild,
): Promise<Supervised> => {
  const argv = [...launcher, agentPath, "run", "--pause-on-stop"];
  return startSupervised(paths, { name, argv, environment }, steps.say);
};

export const stopAgent = (agent: Supervised, hurried: Promise<unknown>): Promise<void> => {
  void hurried.then(() => agent.stop({ signal: "SIGKILL", graceMs: 5_000 }));
  return agent.stop({ signal: "SIGTERM", graceMs: GRACE_MS });
};

/** Resolves when the server can put sandboxes on it, to what runs them, in words. */
export const awaitOnline = async (agent: Supervised, api: ApiClient, hostId: string): Promise<string> => {
  const accelerator = await Promise.race([waitUntilOnline(api, hostId), agent.failed]);
  return accelerator === "kvm" ? "with KVM" : "without KVM: sandboxes are emulated, CPU work is slow";
};
