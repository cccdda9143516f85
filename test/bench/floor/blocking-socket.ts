/**
 * Sockets that block, called straight from the kernel's interface: the floor waits for one thing at a
 * time and pays for no event loop. Also the only way to dial from inside a network namespace here.
 */
import { dlopen, ptr } from "bun:ffi";
import { closeSync, openSync } from "node:fs";

const { symbols: libc } = dlopen("libc.so.6", {
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  connect: { args: ["i32", "ptr", "u32"], returns: "i32" },
  setsockopt: { args: ["i32", "i32", "i32", "ptr", "u32"], returns: "i32" },
  send: { args: ["i32", "ptr", "u64", "i32"], returns: "i64" },
  recv: { args: ["i32", "ptr", "u64", "i32"], returns: "i64" },
  close: { args: ["i32"], returns: "i32" },
  setns: { args: ["i32", "i32"], returns: "i32" },
});

const AF_UNIX = 1;
const AF_INET = 2;
const SOCK_STREAM_CLOEXEC = 1 | 0o2_000_000;
const SOL_SOCKET = 1;
const SO_RCVTIMEO = 20;
const SO_SNDTIMEO = 21;
const MSG_NOSIGNAL = 0x4000;
const CLONE_NEWNET = 0x4000_0000;
const SUN_PATH_BYTES = 108;

/** Nobody answers, or not in time. */
export class SocketFailed extends Error {
  override name = "SocketFailed";
}

export interface SocketTimeouts {
  connectMs: number;
  /** Longest wait for more to arrive. */
  answerMs: number;
}

export class BlockingSocket {
  readonly #fd: number;
  readonly #buffer = new Uint8Array(65_536);

  /** Throws `SocketFailed` when the connection does not stand within `connectMs`. */
  private constructor(family: number, address: Uint8Array, { connectMs, answerMs }: SocketTimeouts) {
    this.#fd = libc.socket(family, SOCK_STREAM_CLOEXEC, 0);
    this.#limit(SO_SNDTIMEO, connectMs);
    this.#limit(SO_RCVTIMEO, answerMs);
    if (libc.connect(this.#fd, ptr(address), address.length) === 0) return;
    this.close();
    throw new SocketFailed(`no connection within ${connectMs} ms`);
  }

  static unix(path: string, timeouts: SocketTimeouts): BlockingSocket {
    const address = new Uint8Array(2 + SUN_PATH_BYTES);
    address[0] = AF_UNIX;
    address.set(new TextEncoder().encode(path), 2);
    return new BlockingSocket(AF_UNIX, address, timeouts);
  }

  /** Dials an IPv4 address from inside the named namespace; only this call happens there. */
  static inNamespace(
    namespace: string,
    host: string,
    port: number,
    timeouts: SocketTimeouts,
  ): BlockingSocket {
    const address = new Uint8Array(16);
    address.set([AF_INET, 0, port >> 8, port & 0xff, ...host.split(".").map(Number)]);
    const own = openSync("/proc/thread-self/ns/net", "r");
    const other = openSync(`/run/netns/${namespace}`, "r");
    try {
      if (libc.setns(other, CLONE_NEWNET) !== 0) throw new SocketFailed(`cannot enter ${namespace}`);
      return new BlockingSocket(AF_INET, address, timeouts);
    } finally {
      // Back to a namespace this thread was just in: nothing is left that could refuse it.
      libc.setns(own, CLONE_NEWNET);
      closeSync(other);
      closeSync(own);
    }
  }

  send(bytes: Uint8Array): void {
    const sent = Number(libc.send(this.#fd, ptr(bytes), bytes.length, MSG_NOSIGNAL));
    if (sent !== bytes.length) throw new SocketFailed("the other side took no more");
  }

  /** What has arrived, at least one byte; null at the end. Throws `SocketFailed`. */
  receive(): string | null {
    const got = Number(libc.recv(this.#fd, ptr(this.#buffer), this.#buffer.length, 0));
    if (got < 0) throw new SocketFailed("nothing came in time");
    return got === 0 ? null : Buffer.from(this.#buffer.buffer, 0, got).toString("latin1");
  }

  close(): void {
    libc.close(this.#fd);
  }

  #limit(option: number, timeoutMs: number): void {
    const seconds = Math.floor(timeoutMs / 1_000);
    const time = new BigInt64Array([BigInt(seconds), BigInt((timeoutMs - seconds * 1_000) * 1_000)]);
    libc.setsockopt(this.#fd, SOL_SOCKET, option, ptr(time), time.byteLength);
  }
}
