/** TCP ports something in the sandbox listens on, from /proc/net. */
import { readFileSync } from "node:fs";

const LISTEN = "0A";

/** Ports of the listening sockets in the text of /proc/net/tcp or tcp6. */
export const parseListening = (table: string): number[] =>
  table
    .split("\n")
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , , state]) => state === LISTEN)
    .map(([, local = ""]) => Number.parseInt(local.slice(local.lastIndexOf(":") + 1), 16));

const readTable = (path: string): string => {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // No IPv6 in this kernel.
    return "";
  }
};

/** One entry per listening socket. */
export const listeningSockets = (): number[] =>
  ["/proc/net/tcp", "/proc/net/tcp6"].flatMap((path) => parseListening(readTable(path)));

/** Ascending, each once, without `ownPort`. */
export const listeningPorts = (ownPort: number): number[] =>
  [...new Set(listeningSockets())].filter((port) => port !== ownPort).sort((a, b) => a - b);
