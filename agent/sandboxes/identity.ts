/** What makes a clone its own machine. Derived from its id, so that giving it twice changes nothing. */
import { formatHexId } from "../../proto/ids.ts";
import type { InitRequest } from "../guest/protocol.ts";

export const identityOf = (sandboxId: string): NonNullable<InitRequest["identity"]> => {
  const hex = formatHexId(sandboxId);
  // The end of a time-ordered id is its random part.
  return { hostname: `sandbox-${hex.slice(-12)}`, machineId: hex };
};
