/** Looks a sandbox up. */
import { sandboxNotFound } from "../errors.ts";
import type { Host } from "./host.ts";
import type { Sandbox } from "./sandbox.ts";

/** Throws `sandbox_not_found`. */
export const findSandbox = (host: Host, sandboxId: string): Sandbox => {
  const sandbox = host.sandboxes.get(sandboxId);
  if (sandbox === undefined) throw sandboxNotFound(sandboxId);
  return sandbox;
};
