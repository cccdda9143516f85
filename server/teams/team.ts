/** A team as one of its people sees it. */
import type { TeamRole } from "../../db/constants.ts";

export interface Team {
  /** Bare UUID. */
  id: string;
  name: string;
  slug: string;
  isByoc: boolean;
  /** Own limits by wire name; an absent one is the instance's. */
  limits: Record<string, number>;
  createdAt: Date;
  /** Of whoever looks. */
  role: TeamRole;
  /** The one that a sign-in starts in. */
  isDefault: boolean;
  joinedAt: Date;
}
