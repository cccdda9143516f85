/**
 * This process's connections to an address, in use or idle. Bun's fetch keeps idle ones for later requests; it
 * can be told nothing of them, but it drops those that have ended.
 */
import { readdirSync } from "node:fs";

import { shutDownIfTo, stopProbingIfTo } from "./libc.ts";

const each = (act: (peer: string, fd: number) => void, peer: string): void => {
  for (const fd of readdirSync("/proc/self/fd")) act(peer, Number(fd));
};

/** Ends them, before the address is another's. @param peer `a.b.c.d:port` */
export const endOwnConnections = (peer: string): void => each(shutDownIfTo, peer);

/**
 * Lets them be quiet, before the other end is stopped: Bun has the kernel ask a kept connection's other end for
 * a sign of life after 60 s without a word, and give it up 10 s later.
 */
export const stopProbing = (peer: string): void => each(stopProbingIfTo, peer);
