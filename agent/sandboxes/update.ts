/** Changes a live sandbox: when it expires, what it may reach; and marks activity. */
import { invalidState } from "../errors.ts";
import type { NetworkPolicy } from "../net/slots.ts";
import type { Host } from "./host.ts";
import { type SandboxTimeout, writeJournal } from "./journal.ts";
import type { Sandbox } from "./sandbox.ts";
import { checkTimeout, deadlineFrom } from "./timeout.ts";

export interface UpdateRequest {
  /** Counts from now. */
  timeout?: SandboxTimeout;
  network?: NetworkPolicy;
}

/** Throws `invalid_request`, `invalid_state`. A network policy is in force before it is recorded. */
export const updateSandbox = async (host: Host, sandbox: Sandbox, request: UpdateRequest): Promise<void> => {
  if (request.timeout !== undefined) checkTimeout(request.timeout);
  await sandbox.exclusively("update", async () => {
    sandbox.throwIfDoomed();
    const { journal } = sandbox;
    if (journal === null || journal.state === "ended") throw invalidState(sandbox.id, "ended", "live");
    const timeout = request.timeout ?? journal.timeout;
    const deadlineMs = request.timeout === undefined ? journal.deadlineMs : deadlineFrom(timeout, Date.now());
    const next = { ...journal, timeout, deadlineMs, network: request.network ?? journal.network };
    if (request.network !== undefined && sandbox.live !== null) {
      await host.slots.applyPolicy(sandbox.live.slot, request.network);
    }
    await writeJournal(host.layout.sandboxJournal(sandbox.id), next);
    sandbox.journal = next;
    if (request.timeout !== undefined) sandbox.lastActiveMs = Date.now();
    host.expiry.arm(sandbox);
  });
};
