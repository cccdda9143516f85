/** Moves a running sandbox's end further away, never nearer. */
import { SandboxStatus } from "../../proto/gen/wrenn/host/v1/host_pb.ts";
import { formatSandboxId } from "../../proto/ids.ts";
import { answered } from "../hosts/failures.ts";
import type { SandboxContext } from "./context.ts";
import { requireSandbox, requireStatus } from "./host-calls.ts";
import { readState, toTimeout } from "./host-state.ts";
import type { Sandbox } from "./sandbox.ts";
import { extendTimeoutOf } from "./store.ts";

/**
 * The host compares, so that of several at once the longest wins.
 * @returns null when the host says that it does not run (any more); its row follows.
 * @throws ApiError 404, 409 invalid_state, 503.
 */
export const extendTimeout = async (
  context: SandboxContext,
  ref: { id: string; teamId: string },
  timeoutSec: number,
): Promise<Sandbox | null> => {
  const sandbox = await requireSandbox(context, ref);
  const client = context.hosts.client(requireStatus(sandbox, ["running"]));
  const { sandbox: state, timeoutKept } = await answered(
    client.updateSandbox({
      sandboxId: formatSandboxId(ref.id),
      timeout: toTimeout({ ...sandbox, timeoutSec }),
      extendOnly: true,
    }),
  );
  if (state !== undefined && state.status !== SandboxStatus.RUNNING) return null;
  const { expiresAt } = readState(state);
  if (timeoutKept) return { ...sandbox, expiresAt };
  const row = await extendTimeoutOf(context.sql, { id: ref.id, timeoutSec, expiresAt });
  return row ?? requireSandbox(context, ref);
};
