/**
 * This process's connections to an address that is about to be another's. Bun's fetch keeps idle ones for
 * later requests; it cannot be told to drop them, but it drops those that have ended.
 */
import { readdirSync } from "node:fs";

import { shutDownIfTo } from "./libc.ts";

/** Ends all there are, in use or idle. @param peer `a.b.c.d:port` */
export const endOwnConnections = (peer: string): void => {
  for (const fd of readdirSync("/proc/self/fd")) shutDownIfTo(peer, Number(fd));
};
