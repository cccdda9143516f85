/** Connecting: a running sandbox lasts at least so long, a paused one is resumed. */
import type { TeamCaller } from "../auth/context.ts";
import { ApiError } from "../errors.ts";
import type { SandboxContext } from "../sandboxes/context.ts";
import { extendTimeout } from "../sandboxes/extend.ts";
import { requireStatus } from "../sandboxes/host-calls.ts";
import { resumeSandbox } from "../sandboxes/lifecycle.ts";
import type { Sandbox } from "../sandboxes/sandbox.ts";
import { IN_BETWEEN, repeated, requireLive } from "./settled.ts";

export interface Connected {
  sandbox: Sandbox;
  /** It was paused, and this call resumed it. */
  resumed: boolean;
}

/** Someone else was faster: looking again tells what there is to do. */
const isTooLate = (error: unknown): boolean => error instanceof ApiError && error.code === "invalid_state";

/** What a resume gives a sandbox whose timeout follows activity: never less than it had. */
const timeoutOf = ({ timeoutKind, timeoutSec }: Sandbox, wantedSec: number): number => {
  if (timeoutKind === "deadline") return wantedSec;
  return timeoutSec === 0 ? 0 : Math.max(timeoutSec, wantedSec);
};

/**
 * Waits while the sandbox is between two states.
 * @param request.cold a paused one boots from its disk, whatever memory was kept
 * @throws ApiError 404, 409 what keeps its memory from being loaded, 503.
 */
export const connectSandbox = async (
  context: SandboxContext,
  caller: TeamCaller,
  { id, timeoutSec, cold }: { id: string; timeoutSec: number; cold: boolean },
): Promise<Connected> => {
  const ref = { id, teamId: caller.teamId };
  return repeated(async () => {
    const found = await requireLive(context, ref);
    if (IN_BETWEEN.includes(found.status)) return null;
    requireStatus(found, ["running", "paused"]);
    try {
      if (found.status === "paused") {
        const wanted = { id, cold, timeoutSec: timeoutOf(found, timeoutSec) };
        return { sandbox: await resumeSandbox(context, caller, wanted), resumed: true };
      }
      const sandbox = await extendTimeout(context, ref, timeoutSec);
      return sandbox && { sandbox, resumed: false };
    } catch (error) {
      if (isTooLate(error)) return null;
      throw error;
    }
  });
};
