/** Puts a new sandbox into the host's list while it is being made, and takes it out again if that fails. */
import { rm } from "node:fs/promises";

import { AgentError } from "../errors.ts";
import { requireOpen } from "./drain.ts";
import type { Host } from "./host.ts";
import { removeUnusedLayers } from "./layers-in-use.ts";
import { Sandbox } from "./sandbox.ts";

/** Throws `sandbox_exists`, `draining`. Nobody can reach the sandbox but to destroy it. */
export const registerSandbox = (host: Host, sandboxId: string, teamId: string): Sandbox => {
  requireOpen(host);
  if (host.sandboxes.has(sandboxId) || host.unreadable.has(sandboxId)) {
    throw new AgentError("sandbox_exists", `sandbox ${sandboxId} is already on this host`);
  }
  const sandbox = new Sandbox(sandboxId, teamId);
  host.sandboxes.set(sandboxId, sandbox);
  return sandbox;
};

/** Leaves nothing of a sandbox that was never handed out; its VM and slot are gone already. */
export const unregisterSandbox = async (host: Host, sandbox: Sandbox): Promise<void> => {
  const layers = sandbox.plannedLayers;
  host.sandboxes.delete(sandbox.id);
  await rm(host.layout.sandboxDirectory(sandbox.id), { recursive: true, force: true });
  await removeUnusedLayers(host, layers);
};
