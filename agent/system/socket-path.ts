/** Unix sockets in deep directories: a socket's address holds 107 bytes, a path may be longer. */
import { closeSync, constants, openSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** sockaddr_un.sun_path, its closing zero byte included (unix(7)). */
export const SUN_PATH_BYTES = 108;

/**
 * A name of `path` that fits an address: itself, or one by way of a descriptor of its directory, valid in
 * this process until disposed of.
 */
export const shortSocketPath = (path: string): Disposable & { name: string } => {
  if (new TextEncoder().encode(path).length < SUN_PATH_BYTES) {
    return { name: path, [Symbol.dispose]: () => {} };
  }
  const fd = openSync(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY);
  return {
    name: join("/proc/self/fd", String(fd), basename(path)),
    [Symbol.dispose]: () => closeSync(fd),
  };
};
