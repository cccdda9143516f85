/** Errors of the agent that a caller can act on. Each has a code; nothing matches on the sentence. */
import type { HostErrorCode } from "../proto/host-errors.ts";

export type SandboxStatusName = "running" | "paused" | "busy" | "ended";

export class AgentError extends Error {
  override name = "AgentError";
  /** Where the error is about a sandbox in the wrong state. */
  readonly status: SandboxStatusName | undefined;

  constructor(
    readonly code: HostErrorCode,
    message: string,
    options: { status?: SandboxStatusName; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.status = options.status;
  }
}

/** What only a person can put right: starting again changes nothing. */
export class OperatorNeeded extends Error {
  override name = "OperatorNeeded";
}

export const sandboxNotFound = (sandboxId: string): AgentError =>
  new AgentError("sandbox_not_found", `sandbox ${sandboxId} is not on this host`);

export const invalidRequest = (field: string, rule: string): AgentError =>
  new AgentError("invalid_request", `${field} ${rule}`);

export const invalidState = (sandboxId: string, status: SandboxStatusName, wanted: string): AgentError =>
  new AgentError("invalid_state", `sandbox ${sandboxId} is ${status}, not ${wanted}`, { status });

/** The sentence of an unknown thrown value with its causes, for logs. */
export const describeError = (thrown: unknown): string => {
  const parts: string[] = [];
  for (let error = thrown; error !== undefined && parts.length < 5;) {
    parts.push(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
    error = error instanceof Error ? error.cause : undefined;
  }
  return parts.join(" <- ");
};
