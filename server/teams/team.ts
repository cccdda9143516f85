/** A team, and as one of its people sees it. */
import type { TeamRole } from "../../db/constants.ts";

/** What is the same for everyone in it. */
export interface TeamProfile {
  /** Bare UUID. */
  id: string;
  name: string;
  slug: string;
  isByoc: boolean;
  /** Own limits by wire name; an absent one is the instance's. */
  limits: Record<string, number>;
  createdAt: Date;
}

export interface Team extends TeamProfile {
  /** Of whoever looks. */
  role: TeamRole;
  /** The one that a sign-in starts in. */
  isDefault: boolean;
  joinedAt: Date;
}
