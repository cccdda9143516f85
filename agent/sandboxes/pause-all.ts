/** Pauses everything that runs, several at a time: before a shutdown, or when the server is lost. */
import { eachLimited } from "../../proto/limit.ts";
import { AgentError, describeError } from "../errors.ts";
import type { Host } from "./host.ts";
import { pauseSandbox } from "./pause.ts";

const AT_ONCE = 4;

export interface PauseAllResult {
  paused: number;
  failedSandboxIds: string[];
}

/**
 * `tell` records each as a change the agent made by itself. A failure leaves that one running. One that is
 * being made or resumed is paused once it runs.
 */
export const pauseAll = async (
  host: Host,
  options: { reason: string; tell: boolean },
): Promise<PauseAllResult> => {
  const { reason, tell } = options;
  const running = [...host.sandboxes.values()].filter(
    ({ live, status }) => live !== null || status === "busy",
  );
  const results = await eachLimited(running, AT_ONCE, async (sandbox) => {
    await pauseSandbox(host, sandbox, { keepMemory: true, reason });
    if (tell) await host.changes.add({ sandboxId: sandbox.id, status: "paused", reason, memoryKept: true });
  });
  const failedSandboxIds = results.flatMap((result, index) => {
    if (result.status === "fulfilled") return [];
    // It was paused, ended or destroyed by somebody else meanwhile.
    const error: unknown = result.reason;
    if (error instanceof AgentError && ["invalid_state", "sandbox_not_found"].includes(error.code)) return [];
    const id = running[index]?.id ?? "";
    host.log.error("pause_all_failed", { sandbox: id, error: describeError(error) });
    return [id];
  });
  return { paused: results.filter(({ status }) => status === "fulfilled").length, failedSandboxIds };
};
