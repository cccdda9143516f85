/**
 * Starts the thread that answers /init by datagram, beside JavaScript: a restored guest answers after half the
 * code that it took in JavaScript, all of which emulation would translate anew for each copy and each resume.
 */
import { cc } from "bun:ffi";
import { mkdirSync, openSync, rmSync, writeFileSync } from "node:fs";

import { RNDADDENTROPY, RNDRESEEDCRNG } from "../system/entropy.ts";
import { addressOfFunction, SystemCallFailed } from "../system/libc.ts";
import source from "./thread.c.txt" with { type: "text" };
import {
  attemptBytes,
  INIT_MAGIC,
  MAX_DATAGRAM_BYTES,
  MAX_ENTROPY_BYTES,
  MAX_HOSTNAME_BYTES,
  MIN_ENTROPY_BYTES,
} from "./wire.ts";

/** In the order the thread knows them in. */
const FUNCTIONS = [
  "__errno_location",
  "socket",
  "bind",
  "poll",
  "recvfrom",
  "sendto",
  "ioctl",
  "clock_settime",
  "sethostname",
  "pthread_create",
  "pthread_sigmask",
  "pthread_mutex_lock",
  "pthread_mutex_unlock",
];

/** Orders that nobody has looked at yet: a resume each, of a sandbox that is asked for nothing in between. */
const MAX_KEPT = 8;

/** The compiler reads files alone. In memory, and only for that moment. */
const SOURCE_FILE = "/run/wrenn/init-thread.c";

const compile = (restMs: number) => {
  mkdirSync("/run/wrenn", { recursive: true, mode: 0o755 });
  writeFileSync(SOURCE_FILE, source, { mode: 0o600 });
  try {
    return cc({
      source: SOURCE_FILE,
      flags: ["-nostdlib"],
      define: {
        MAGIC: JSON.stringify(INIT_MAGIC),
        MAX_DATAGRAM_BYTES: `${MAX_DATAGRAM_BYTES}`,
        MAX_ENTROPY_BYTES: `${MAX_ENTROPY_BYTES}`,
        MAX_HOSTNAME_BYTES: `${MAX_HOSTNAME_BYTES}`,
        MIN_ENTROPY_BYTES: `${MIN_ENTROPY_BYTES}`,
        MAX_KEPT: `${MAX_KEPT}`,
        REST_MS: `${restMs}`,
        RNDADDENTROPY: `${RNDADDENTROPY}`,
        RNDRESEEDCRNG: `${RNDRESEEDCRNG}`,
      },
      symbols: {
        start: { args: ["buffer", "i32", "i32", "u32", "i32"], returns: "i32" },
        next: { args: ["buffer"], returns: "i32" },
        passed: { args: ["buffer"], returns: "void" },
      },
    }).symbols;
  } finally {
    rmSync(SOURCE_FILE, { force: true });
  }
};

export interface InitThreadOptions {
  port: number;
  /** IPv4: where /init may come from; nobody else is answered. */
  hostAddress: string;
  /** How long settings that came wait for a request before `onRest` is called. */
  restMs: number;
  onRest: () => void;
}

export interface InitThread {
  /** Settings that came since, in order, as JSON. */
  take(): string[];
  /** This attempt came over HTTP: a late datagram of it changes nothing. */
  passed(attemptId: string): void;
}

/** Serves until the process ends. Rejects when the port is another's, and where this cannot be compiled. */
export const startInitThread = async (options: InitThreadOptions): Promise<InitThread> => {
  const { port, hostAddress, restMs, onRest } = options;
  const { start, next, passed } = compile(restMs);
  const waker = await Bun.udpSocket({ hostname: "127.0.0.1", socket: { data: onRest } });
  const functions = new BigUint64Array(FUNCTIONS.map(addressOfFunction));
  const host = Buffer.from(hostAddress.split(".").map(Number)).readUInt32LE();
  const errno = start(functions, openSync("/dev/urandom", "r"), port, host, waker.port);
  if (errno !== 0) throw new SystemCallFailed("starting the thread for /init", errno);
  const settings = Buffer.alloc(MAX_DATAGRAM_BYTES);
  return {
    take: () => {
      const taken: string[] = [];
      for (let bytes = next(settings); bytes > 0; bytes = next(settings)) {
        taken.push(settings.toString("utf8", 0, bytes));
      }
      return taken;
    },
    passed: (attemptId) => {
      const bytes = attemptBytes(attemptId);
      if (bytes !== null) passed(bytes);
    },
  };
};
