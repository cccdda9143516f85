/** Changes a live sandbox: when it expires, what it may reach; and marks activity. */
import { invalidState } from "../errors.ts";
import type { NetworkPolicy } from "../net/slots.ts";
import type { Host } from "./host.ts";
import { type SandboxTimeout, writeJournal } from "./journal.ts";
import type { Sandbox } from "./sandbox.ts";
import { checkTimeout, deadlineFrom, endsLater } from "./timeout.ts";

export interface UpdateRequest {
  /** Counts from now. */
  timeout?: SandboxTimeout;
  network?: NetworkPolicy;
  /** The timeout is taken only where it ends later than the present one. */
  extendOnly: boolean;
}

/**
 * A network policy is in force before it is recorded.
 * @returns whether the present timeout stays because it ends later.
 * @throws `invalid_request`, `invalid_state`.
 */
export const updateSandbox = async (
  host: Host,
  sandbox: Sandbox,
  request: UpdateRequest,
): Promise<boolean> => {
  if (request.timeout !== undefined) checkTimeout(request.timeout);
  return sandbox.exclusively("update", async () => {
    sandbox.throwIfDoomed();
    const { journal } = sandbox;
    if (journal === null || journal.state === "ended") throw invalidState(sandbox.id, "ended", "live");
    const nowMs = Date.now();
    const isKept =
      request.extendOnly && request.timeout !== undefined && !endsLater(request.timeout, journal, nowMs);
    const wanted = isKept ? undefined : request.timeout;
    const timeout = wanted ?? journal.timeout;
    const deadlineMs = wanted === undefined ? journal.deadlineMs : deadlineFrom(timeout, nowMs);
    const next = { ...journal, timeout, deadlineMs, network: request.network ?? journal.network };
    if (request.network !== undefined && sandbox.live !== null) {
      await host.slots.applyPolicy(sandbox.live.slot, request.network);
    }
    await writeJournal(host.layout.sandboxJournal(sandbox.id), next);
    sandbox.journal = next;
    if (request.timeout !== undefined) sandbox.lastActiveMs = nowMs;
    host.expiry.arm(sandbox);
    return isKept;
  });
};
