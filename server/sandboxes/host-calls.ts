/** Calls to the host that has a sandbox, with the sandbox found and its state checked first. */
import type { SandboxStatus } from "../../db/constants.ts";
import { formatSandboxId } from "../../proto/ids.ts";
import { type ApiError, conflict, notFound, unavailable } from "../errors.ts";
import type { HostClient } from "../hosts/client-pool.ts";
import type { HostEndpoint } from "../hosts/host-fetch.ts";
import type { SandboxContext } from "./context.ts";
import type { PlacedSandbox } from "./sandbox.ts";
import { findSandbox, type SandboxRef } from "./store.ts";

export const sandboxNotFound = (id: string): ApiError =>
  notFound("sandbox_not_found", `There is no sandbox ${formatSandboxId(id)} in this team.`);

/** 409 naming the status the sandbox is in. */
export const invalidState = (id: string, status: SandboxStatus, wanted: string): ApiError =>
  conflict("invalid_state", `Sandbox ${formatSandboxId(id)} is ${status}; this needs it ${wanted}.`, {
    status,
  });

/** The team's sandbox; 404 `sandbox_not_found`. */
export const requireSandbox = async (
  { sql }: Pick<SandboxContext, "sql">,
  ref: SandboxRef,
): Promise<PlacedSandbox> => {
  const sandbox = await findSandbox(sql, ref);
  if (!sandbox) throw sandboxNotFound(ref.id);
  return sandbox;
};

/** 503 when its host is away, 409 when it is in no status of `wanted`; else where to call. */
export const requireStatus = (sandbox: PlacedSandbox, wanted: readonly SandboxStatus[]): HostEndpoint => {
  if (sandbox.status === "missing") {
    throw unavailable("host_unreachable", "The sandbox's host cannot be reached just now.");
  }
  if (!wanted.includes(sandbox.status)) {
    throw invalidState(sandbox.id, sandbox.status, wanted.join(" or "));
  }
  if (!sandbox.endpoint) {
    throw unavailable("host_unreachable", "The sandbox's host is not registered any more.");
  }
  return sandbox.endpoint;
};

/**
 * Ends the sandbox on its host; nobody need wait for it, and it never rejects. What fails here is done by
 * the next reconcile, which finds the row ended and the host still holding it.
 */
export const destroyOnHost = async (
  { hosts, log }: Pick<SandboxContext, "hosts" | "log">,
  endpoint: HostEndpoint,
  id: string,
): Promise<void> => {
  const client: HostClient = hosts.client(endpoint);
  const sandboxId = formatSandboxId(id);
  await client.destroySandbox({ sandboxId }).catch((error: unknown) => {
    log.warn("destroying a sandbox on its host failed; the reconcile repeats it", {
      sandbox: sandboxId,
      error,
    });
  });
};
