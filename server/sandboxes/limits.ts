/** How much a team may have live at once. */
import { ApiError } from "../errors.ts";
import type { TeamUsage } from "./store.ts";

export type TeamLimits = TeamUsage;

export const DEFAULT_LIMITS: TeamLimits = {
  sandboxes: 100,
  vcpus: 400,
  memoryMb: 400 * 1024,
  pausedDiskMb: 1024 * 1024,
};

/** What the quota is called in a team's `limits`, and in the error. */
const NAMES = {
  sandboxes: "sandboxes",
  vcpus: "vcpus",
  memoryMb: "memory_mb",
  pausedDiskMb: "paused_disk_mb",
} as const satisfies Record<keyof TeamLimits, string>;

const KEYS = ["sandboxes", "vcpus", "memoryMb", "pausedDiskMb"] as const;

/** What a team's own limits may name. */
export const LIMIT_NAMES = KEYS.map((key) => NAMES[key]);

/** Where what is counted is found, and what frees it. */
const WHERE: Record<keyof TeamLimits, string> = {
  sandboxes: "live sandboxes",
  vcpus: "live sandboxes",
  memoryMb: "live sandboxes",
  pausedDiskMb: "paused sandboxes",
};

/**
 * Throws 429 `quota_exceeded` naming the limit that `added` would break. What is added as 0 is looked at all
 * the same: pauses by timeout ask nobody, so what they took beyond a limit keeps new sandboxes out.
 * @param added what is absent is not looked at.
 * @param own the team's own limits by wire name; an absent one is the instance's.
 */
export const checkQuota = (
  used: TeamUsage,
  added: Partial<TeamUsage>,
  { own, instance }: { own: Record<string, number>; instance: TeamLimits },
): void => {
  for (const key of KEYS) {
    const more = added[key];
    const name = NAMES[key];
    const limit = own[name] ?? instance[key];
    if (more === undefined || used[key] + more <= limit) continue;
    throw new ApiError(
      429,
      "quota_exceeded",
      `The team may have ${limit} ${name} in ${WHERE[key]} and has ${used[key]}. Delete some, or ask a platform admin for more.`,
      { details: { limit: name, max: limit, used: used[key] } },
    );
  }
};
