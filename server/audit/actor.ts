/** Who did what an audit row tells. */
import type { ActorType } from "../../db/constants.ts";
import { formatKeyId, formatUserId } from "../../proto/ids.ts";

export interface Actor {
  type: ActorType;
  /** Prefixed id; null for the system. */
  id: string | null;
  /** Name of the person or of the key, as it was then. */
  name: string | null;
}

/** The platform acting by itself: expiry, monitor, command line. */
export const SYSTEM: Actor = { type: "system", id: null, name: null };

export const userActor = (userId: string, name: string): Actor => ({
  type: "user",
  id: formatUserId(userId),
  name,
});

export const keyActor = (keyId: string, name: string): Actor => ({
  type: "api_key",
  id: formatKeyId(keyId),
  name,
});
