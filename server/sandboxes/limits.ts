/** How much a team may have live at once. */
import { ApiError } from "../errors.ts";
import type { TeamUsage } from "./store.ts";

export interface TeamLimits {
  /** Sandboxes that exist: running, paused and in between. */
  sandboxes: number;
  vcpus: number;
  memoryMb: number;
}

export const DEFAULT_LIMITS: TeamLimits = { sandboxes: 100, vcpus: 400, memoryMb: 400 * 1024 };

/** What the quota is called in a team's `limits`, and in the error. */
const NAMES = {
  sandboxes: "sandboxes",
  vcpus: "vcpus",
  memoryMb: "memory_mb",
} as const satisfies Record<keyof TeamLimits, string>;

const KEYS = ["sandboxes", "vcpus", "memoryMb"] as const;

/**
 * Throws 429 `quota_exceeded` naming the limit that `added` would break.
 * @param own the team's own limits by wire name; an absent one is the instance's.
 */
export const checkQuota = (
  used: TeamUsage,
  added: TeamUsage,
  { own, instance }: { own: Record<string, number>; instance: TeamLimits },
): void => {
  for (const key of KEYS) {
    const name = NAMES[key];
    const limit = own[name] ?? instance[key];
    if (used[key] + added[key] <= limit) continue;
    throw new ApiError(
      429,
      "quota_exceeded",
      `The team may have ${limit} ${name} in live sandboxes and has ${used[key]}. Delete some, or ask a platform admin for more.`,
      { details: { limit: name, max: limit, used: used[key] } },
    );
  }
};
