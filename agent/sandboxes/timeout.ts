/** Timeouts of sandboxes: which are allowed, and when they are due. */
import { invalidRequest } from "../errors.ts";
import type { SandboxTimeout } from "./journal.ts";

/** 30 days. */
const MAX_TIMEOUT_SEC = 30 * 24 * 3_600;

/** Throws `invalid_request`. */
export const checkTimeout = (timeout: SandboxTimeout): void => {
  if (timeout.timeoutSec < 0 || timeout.timeoutSec > MAX_TIMEOUT_SEC) {
    throw invalidRequest("timeout_sec", `must be 0 to ${MAX_TIMEOUT_SEC}, not ${timeout.timeoutSec}`);
  }
};

/** Unix milliseconds when a timeout counted from `nowMs` is due; null: never, or moved by activity. */
export const deadlineFrom = (timeout: SandboxTimeout, nowMs: number): number | null =>
  timeout.timeoutSec === 0 || timeout.kind === "idle" ? null : nowMs + timeout.timeoutSec * 1_000;

/**
 * Whether `wanted`, counted from now, ends later than what is set. For an idle timeout the length alone
 * decides: asking is activity, and starts it over.
 * @param current its `deadlineMs` as `deadlineFrom` made it
 */
export const endsLater = (
  wanted: SandboxTimeout,
  current: { timeout: SandboxTimeout; deadlineMs: number | null },
  nowMs: number,
): boolean => {
  const { timeout, deadlineMs } = current;
  if (timeout.timeoutSec === 0) return false;
  if (wanted.timeoutSec === 0) return true;
  const dueMs = timeout.kind === "idle" ? nowMs + timeout.timeoutSec * 1_000 : (deadlineMs ?? 0);
  return nowMs + wanted.timeoutSec * 1_000 > dueMs;
};
