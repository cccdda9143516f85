/**
 * Makes sockets in another network namespace. A socket belongs to the namespace its thread was in when it was
 * made, and stays there: this thread goes there and comes back within one call.
 */
import { closeSync, openSync } from "node:fs";

import { setNetworkNamespace } from "./libc.ts";

/** A thread that stayed would make all further sockets of this process in the wrong place. */
const comeBack = (own: number): void => {
  try {
    setNetworkNamespace(own);
  } catch {
    process.abort();
  }
};

/**
 * `make` must create its sockets before it returns, as `Bun.listen`, `Bun.udpSocket` and, to a numeric address,
 * `Bun.connect` do; it may return a promise of what becomes of them. Throws `LibcFailed`, ENOENT, and what
 * `make` throws.
 * @param path where the namespace is mounted
 */
export const inNetworkNamespace = <T>(path: string, make: () => T): T => {
  const own = openSync("/proc/thread-self/ns/net", "r");
  try {
    const other = openSync(path, "r");
    try {
      setNetworkNamespace(other);
      try {
        return make();
      } finally {
        comeBack(own);
      }
    } finally {
      closeSync(other);
    }
  } finally {
    closeSync(own);
  }
};
