/** Copies of a sandbox as it is now, each with an identity and token of its own. */
import { eachLimited } from "../../proto/limit.ts";
import { AgentError, describeError, invalidRequest } from "../errors.ts";
import { Steps } from "../system/steps.ts";
import { type Capture, captureSandbox } from "./capture.ts";
import { startClone, undoing } from "./clone.ts";
import { requireOpen } from "./drain.ts";
import type { Host } from "./host.ts";
import type { SandboxTimeout } from "./journal.ts";
import { registerSandbox, unregisterSandbox } from "./register.ts";
import { reserveRoom } from "./room.ts";
import type { Sandbox } from "./sandbox.ts";
import { checkTimeout } from "./timeout.ts";

const MAX_CHILDREN = 100;
/** Children being restored at once: restoring is work for the processor. */
const AT_ONCE = 4;

export interface ForkChild {
  sandboxId: string;
  accessToken: string;
}

export interface ForkRequest {
  children: ForkChild[];
  /** Absent: the source's. */
  timeout?: SandboxTimeout;
}

export type ForkResult = { sandboxId: string } & ({ sandbox: Sandbox } | { error: string });

const startChild = async (
  host: Host,
  child: Sandbox,
  accessToken: string,
  capture: Capture,
  timeout: SandboxTimeout | undefined,
): Promise<void> =>
  child.exclusively("fork", async () => {
    const steps = new Steps();
    try {
      // The capture outlives the start of every child, which has read the files by then.
      const { facts, saved } = capture;
      child.plannedLayers = facts.layers;
      child.plannedTemplate = facts.base.kind === "template" ? facts.base.key : null;
      using _room = await reserveRoom(host, facts);
      await startClone(host, child, {
        facts: {
          ...facts,
          sandboxId: child.id,
          accessToken,
          createdAt: new Date().toISOString(),
          timeout: timeout ?? facts.timeout,
          ...(saved === null ? { base: { kind: "zero" } as const } : {}),
        },
        bootFiles: await host.images.bootFiles(facts.kernelDigest, facts.guestDriveDigest),
        saved,
        operation: "fork",
        steps,
      });
    } catch (error) {
      await undoing(host, child, () => unregisterSandbox(host, child));
      throw error;
    }
  });

const checkRequest = (request: ForkRequest): void => {
  const { children, timeout } = request;
  if (children.length < 1 || children.length > MAX_CHILDREN) {
    throw invalidRequest("children", `must be 1 to ${MAX_CHILDREN}, not ${children.length}`);
  }
  if (new Set(children.map(({ sandboxId }) => sandboxId)).size !== children.length) {
    throw invalidRequest("children", "must have different ids");
  }
  if (children.some(({ accessToken }) => accessToken === "")) {
    throw invalidRequest("access_token", "must not be empty");
  }
  if (timeout !== undefined) checkTimeout(timeout);
};

/**
 * One result per child, in order; a child that cannot be made has an error and leaves nothing. Throws
 * `invalid_request`, `invalid_state`, or what prevented the copy; then there are no children.
 */
export const forkSandbox = async (
  host: Host,
  source: Sandbox,
  request: ForkRequest,
): Promise<ForkResult[]> => {
  checkRequest(request);
  requireOpen(host);
  await using capture = await source.exclusively("fork", () => captureSandbox(host, source));
  const settled = await eachLimited(request.children, AT_ONCE, async ({ sandboxId, accessToken }) => {
    const child = registerSandbox(host, sandboxId, source.teamId);
    await startChild(host, child, accessToken, capture, request.timeout);
    return child;
  });
  return settled.map((result, index) => {
    const sandboxId = request.children[index]?.sandboxId ?? "";
    if (result.status === "fulfilled") return { sandboxId, sandbox: result.value };
    host.log.warn("fork_child_failed", { sandbox: sandboxId, error: describeError(result.reason) });
    const error =
      result.reason instanceof AgentError ? result.reason.message : "the copy could not be started";
    return { sandboxId, error };
  });
};
