/**
 * The few C library calls Bun has no API for. libc is already mapped into this process, so loading it
 * costs nothing and needs no file of the image. Every caller is synchronous.
 */
import { dlopen, ptr, read } from "bun:ffi";

const { symbols } = dlopen("libc.so.6", {
  dlsym: { args: ["ptr", "cstring"], returns: "ptr" },
  __errno_location: { args: [], returns: "ptr" },
  syscall: { args: ["i64", "i64", "i64", "i64"], returns: "i32" },
  setfsuid: { args: ["u32"], returns: "i32" },
  setfsgid: { args: ["u32"], returns: "i32" },
  pipe2: { args: ["buffer", "i32"], returns: "i32" },
  ioctl: { args: ["i32", "u64", "i64"], returns: "i32" },
  sethostname: { args: ["buffer", "u64"], returns: "i32" },
  clock_settime: { args: ["i32", "buffer"], returns: "i32" },
  mount: { args: ["cstring", "cstring", "cstring", "u64", "ptr"], returns: "i32" },
  listxattr: { args: ["cstring", "buffer", "u64"], returns: "i32" },
  getxattr: { args: ["cstring", "cstring", "buffer", "u64"], returns: "i32" },
  setxattr: { args: ["cstring", "cstring", "buffer", "u64", "i32"], returns: "i32" },
  removexattr: { args: ["cstring", "cstring"], returns: "i32" },
  inotify_init1: { args: ["i32"], returns: "i32" },
  inotify_add_watch: { args: ["i32", "cstring", "u32"], returns: "i32" },
  inotify_rm_watch: { args: ["i32", "i32"], returns: "i32" },
});

export const libc = symbols;

/** System calls made without the wrapper, because glibc's would change every thread, not just this one. */
const NUMBERS = {
  x64: { capget: 125, capset: 126, setgroups: 116, setresgid: 119 },
  arm64: { capget: 90, capset: 91, setgroups: 159, setresgid: 149 },
} as const;

export type RawCall = keyof (typeof NUMBERS)["x64"];

const numbers = NUMBERS[process.arch === "arm64" ? "arm64" : "x64"];

/** Address of a buffer; the caller keeps the buffer alive until the call has returned. */
export const addressOf = (buffer: Uint8Array | Uint32Array): number => ptr(buffer);

/** For code that is not JavaScript. Throws for a function this process does not have. */
export const addressOfFunction = (name: string): bigint => {
  const address = symbols.dlsym(null, Buffer.from(`${name}\0`));
  if (address === null) throw new Error(`the C library has no ${name}`);
  return BigInt(address);
};

/** A C call that said -1. `code` is the name of the errno when it is one this program tells apart. */
export class SystemCallFailed extends Error {
  override name = "SystemCallFailed";
  constructor(
    readonly call: string,
    readonly errno: number,
    readonly code: string = ERRNO_NAMES[errno] ?? `errno ${errno}`,
  ) {
    super(`${call} failed: ${code}`);
  }
}

/** Linux errno values (asm-generic, the same on x64 and arm64). */
const ERRNO_NAMES: Readonly<Record<number, string>> = {
  1: "EPERM",
  2: "ENOENT",
  7: "E2BIG",
  13: "EACCES",
  20: "ENOTDIR",
  22: "EINVAL",
  24: "EMFILE",
  28: "ENOSPC",
  30: "EROFS",
  34: "ERANGE",
  36: "ENAMETOOLONG",
  40: "ELOOP",
  61: "ENODATA",
  95: "ENOTSUP",
  122: "EDQUOT",
};

/** Throws what errno says; call it right after the call that failed. */
export const failed = (call: string): never => {
  const location = symbols.__errno_location();
  const errno = location === null ? 0 : read.i32(location, 0);
  throw new SystemCallFailed(call, errno);
};

/** Passes a result through, or throws `SystemCallFailed` when it is -1. */
export const check = (call: string, result: number): number => (result === -1 ? failed(call) : result);

/** A system call that touches the calling thread alone. Throws `SystemCallFailed`. */
export const rawCall = (name: RawCall, a = 0, b = 0, c = 0): number =>
  check(name, symbols.syscall(numbers[name], a, b, c));
