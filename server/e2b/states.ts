/** The two states that E2B's clients know, and when they say a sandbox ends. */
import type { SandboxStatus } from "../../db/constants.ts";
import type { ListedSandbox } from "../sandboxes/sandbox.ts";

export const STATES = ["running", "paused"] as const;
export type State = (typeof STATES)[number];

/** What is on its way to a state is shown in it, and so is a running one whose host is silent. */
export const STATUSES_OF: Record<State, readonly SandboxStatus[]> = {
  running: ["pending", "running", "resuming", "missing"],
  paused: ["pausing", "paused"],
};

export const stateOf = (status: SandboxStatus): State =>
  STATUSES_OF.paused.includes(status) ? "paused" : "running";

/** There is no word for never. */
const NEVER = new Date("9999-12-31T23:59:59Z");

/** A paused one has no end ahead: it tells when it was paused. */
export const endOf = (sandbox: ListedSandbox): Date => {
  const { expiresAt, pausedAt, timeoutSec, startedAt, createdAt } = sandbox;
  const known = expiresAt ?? pausedAt;
  if (known) return known;
  return timeoutSec === 0 ? NEVER : new Date((startedAt ?? createdAt).getTime() + timeoutSec * 1_000);
};
