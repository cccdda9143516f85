/**
 * The few libc calls that Bun has no function for, or where one call per page would be the bottleneck.
 * Nothing above this file sees pointers or errno; each failure is a `LibcFailed` that names the call.
 */
import { dlopen, ptr, read } from "bun:ffi";

import { shortSocketPath, SUN_PATH_BYTES } from "./socket-path.ts";

const { symbols: libc } = dlopen("libc.so.6", {
  __errno_location: { args: [], returns: "ptr" },
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  bind: { args: ["i32", "ptr", "u32"], returns: "i32" },
  listen: { args: ["i32", "i32"], returns: "i32" },
  close: { args: ["i32"], returns: "i32" },
  fcntl: { args: ["i32", "i32", "i32"], returns: "i32" },
  getpeername: { args: ["i32", "ptr", "ptr"], returns: "i32" },
  shutdown: { args: ["i32", "i32"], returns: "i32" },
  setsockopt: { args: ["i32", "i32", "i32", "ptr", "u32"], returns: "i32" },
  setns: { args: ["i32", "i32"], returns: "i32" },
  pread: { args: ["i32", "ptr", "u64", "i64"], returns: "i64" },
  pwrite: { args: ["i32", "ptr", "u64", "i64"], returns: "i64" },
  sync_file_range: { args: ["i32", "i64", "i64", "u32"], returns: "i32" },
  setpriority: { args: ["i32", "u32", "i32"], returns: "i32" },
  process_vm_readv: { args: ["i32", "ptr", "u64", "ptr", "u64", "u64"], returns: "i64" },
  process_vm_writev: { args: ["i32", "ptr", "u64", "ptr", "u64", "u64"], returns: "i64" },
});

const ERRNO_NAMES: Record<number, string> = {
  1: "EPERM",
  3: "ESRCH",
  5: "EIO",
  12: "ENOMEM",
  13: "EACCES",
  14: "EFAULT",
  24: "EMFILE",
  27: "EFBIG",
  28: "ENOSPC",
  98: "EADDRINUSE",
  122: "EDQUOT",
};

/** A system call that failed or moved fewer bytes than asked (`code` is then `SHORT`). */
export class LibcFailed extends Error {
  override name = "LibcFailed";
  constructor(
    readonly call: string,
    readonly code: string,
    detail = "",
  ) {
    super(`${call} failed: ${code}${detail === "" ? "" : ` (${detail})`}`);
  }
}

const lastError = (): string => {
  const address = libc.__errno_location();
  const errno = address === null ? 0 : read.i32(address);
  return ERRNO_NAMES[errno] ?? `errno ${errno}`;
};

const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_CLOEXEC = 0o2_000_000;
/** A listening unix socket as a plain descriptor, so that a child can inherit it. The caller closes it. */
export const listenUnix = (path: string): number => {
  using short = shortSocketPath(path);
  const name = new TextEncoder().encode(short.name);
  const address = new Uint8Array(2 + SUN_PATH_BYTES);
  address[0] = AF_UNIX;
  address.set(name, 2);
  const fd = libc.socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) throw new LibcFailed("socket", lastError());
  if (libc.bind(fd, ptr(address), 2 + name.length + 1) !== 0 || libc.listen(fd, 4) !== 0) {
    const failure = new LibcFailed("bind", lastError(), path);
    libc.close(fd);
    throw failure;
  }
  return fd;
};

const AF_INET = 2;
const F_DUPFD_CLOEXEC = 1030;
const SHUT_RDWR = 2;

/** For one call at a time: every descriptor of the process is asked. */
const peerAddress = new DataView(new ArrayBuffer(16));
const peerLength = new Uint32Array(1);

/** `a.b.c.d:port` that the descriptor is connected to over IPv4; null for whatever else it is. */
const readPeer = (fd: number): string | null => {
  peerLength[0] = peerAddress.byteLength;
  if (libc.getpeername(fd, ptr(peerAddress), ptr(peerLength)) !== 0) return null;
  if (peerAddress.getUint16(0, true) !== AF_INET) return null;
  return `${[4, 5, 6, 7].map((at) => peerAddress.getUint8(at)).join(".")}:${peerAddress.getUint16(2)}`;
};

/**
 * Runs `act` on a descriptor of the connection behind `fd` if it leads to `peer` (`a.b.c.d:port`). True when it
 * does. Throws when there is no descriptor to spare.
 */
const withConnectionTo = (peer: string, fd: number, act: (own: number) => void): boolean => {
  if (readPeer(fd) !== peer) return false;
  // Another thread may close the descriptor at any moment, and its number be another's: this one is ours.
  const own = libc.fcntl(fd, F_DUPFD_CLOEXEC, 0);
  if (own < 0) throw new LibcFailed("fcntl", lastError());
  const isStillIt = readPeer(own) === peer;
  if (isStillIt) act(own);
  libc.close(own);
  return isStillIt;
};

/** Whoever holds the descriptor reads the connection's end, and closes it. */
export const shutDownIfTo = (peer: string, fd: number): boolean =>
  withConnectionTo(peer, fd, (own) => libc.shutdown(own, SHUT_RDWR));

const SOL_SOCKET = 1;
const SO_KEEPALIVE = 9;
const OFF = new Int32Array(1);

/** The kernel no longer asks the other end whether it is still there. */
export const stopProbingIfTo = (peer: string, fd: number): boolean =>
  withConnectionTo(peer, fd, (own) =>
    libc.setsockopt(own, SOL_SOCKET, SO_KEEPALIVE, ptr(OFF), OFF.byteLength),
  );

/** Closes a descriptor that did not come from node:fs. */
export const closeFd = (fd: number): void => {
  libc.close(fd);
};

/** Reads exactly `length` bytes at `offset` of the file into `buffer` from `at` on. */
export const preadExactly = (
  fd: number,
  buffer: Uint8Array,
  at: number,
  length: number,
  offset: number,
): void => {
  const done = libc.pread(fd, ptr(buffer, at), length, offset);
  if (Number(done) === length) return;
  throw new LibcFailed("pread", Number(done) < 0 ? lastError() : "SHORT", `${length} bytes at ${offset}`);
};

/** Writes exactly `length` bytes of `buffer` from `at` on to `offset` of the file. */
export const pwriteExactly = (
  fd: number,
  buffer: Uint8Array,
  at: number,
  length: number,
  offset: number,
): void => {
  let written = 0;
  while (written < length) {
    const done = Number(libc.pwrite(fd, ptr(buffer, at + written), length - written, offset + written));
    // A short write says why on the next try (a full disk: ENOSPC).
    if (done <= 0)
      throw new LibcFailed("pwrite", done < 0 ? lastError() : "SHORT", `${length} bytes at ${offset}`);
    written += done;
  }
};

const CLONE_NEWNET = 0x4000_0000;

/** Moves the calling thread, and no other, to the network namespace that `fd` is open on. */
export const setNetworkNamespace = (fd: number): void => {
  if (libc.setns(fd, CLONE_NEWNET) !== 0) throw new LibcFailed("setns", lastError());
};

const SYNC_FILE_RANGE_WRITE = 2;

/** Asks the kernel to begin writing the file's dirty pages out. A hint: only fsync makes anything last. */
export const startWriteback = (fd: number): void => {
  libc.sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
};

const PRIO_PGRP = 1;

/** @param nice -20 (first) to 19 (last); of every thread of the process group that `leader` (a pid) leads */
export const setGroupNice = (leader: number, nice: number): void => {
  if (libc.setpriority(PRIO_PGRP, leader, nice) !== 0) throw new LibcFailed("setpriority", lastError());
};

/** One stretch of another process's memory: address and length in bytes. */
export interface RemoteRange {
  address: number;
  length: number;
}

/** Most ranges one vectored call takes (IOV_MAX, limits.h). */
export const MAX_RANGES = 1024;

const ioVector = (ranges: RemoteRange[]): { vector: BigUint64Array; total: number } => {
  const vector = new BigUint64Array(ranges.length * 2);
  let total = 0;
  ranges.forEach(({ address, length }, index) => {
    vector[index * 2] = BigInt(address);
    vector[index * 2 + 1] = BigInt(length);
    total += length;
  });
  return { vector, total };
};

type Transfer = typeof libc.process_vm_readv;

const transfer = (
  call: string,
  move: Transfer,
  pid: number,
  buffer: Uint8Array,
  ranges: RemoteRange[],
): void => {
  const { vector, total } = ioVector(ranges);
  if (total > buffer.length || ranges.length > MAX_RANGES)
    throw new LibcFailed(call, "EINVAL", "more than the buffer holds");
  const local = new BigUint64Array([BigInt(ptr(buffer)), BigInt(total)]);
  const done = Number(move(pid, ptr(local), 1, ptr(vector), ranges.length, 0));
  if (done !== total)
    throw new LibcFailed(call, done < 0 ? lastError() : "SHORT", `process ${pid}, ${total} bytes`);
};

/** Gathers the ranges of `pid`'s memory into the start of `buffer` in one call (at most `MAX_RANGES`). */
export const readProcess = (pid: number, buffer: Uint8Array, ranges: RemoteRange[]): void =>
  transfer("process_vm_readv", libc.process_vm_readv, pid, buffer, ranges);

/** Scatters the start of `buffer` over the ranges of `pid`'s memory in one call (at most `MAX_RANGES`). */
export const writeProcess = (pid: number, buffer: Uint8Array, ranges: RemoteRange[]): void =>
  transfer("process_vm_writev", libc.process_vm_writev, pid, buffer, ranges);
