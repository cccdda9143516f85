/** How a host is, in one word. */
import type { Host } from "../../state/hosts.ts";

export type HostState = "pending" | "online" | "silent" | "unreachable";

/** `silent`: it beats, but the server's own calls do not get through. */
export const stateOf = ({ status, reachable }: Host): HostState =>
  status === "online" && !reachable ? "silent" : status;
