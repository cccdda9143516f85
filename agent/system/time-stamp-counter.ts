/** Measures how fast the processor's time stamp counter runs. The kernel knows, but tells no program. */
import { CFunction, dlopen, toArrayBuffer } from "bun:ffi";

const PROT_READ_WRITE = 3;
const PROT_READ_EXEC = 5;
const MAP_PRIVATE_ANONYMOUS = 0x22;
const CODE_BYTES = 4096;

/** x86-64, System V: a function without arguments that returns a 64-bit number. */
const READ_COUNTER = [
  ...[0x0f, 0x31], //             rdtsc
  ...[0x48, 0xc1, 0xe2, 0x20], // shl rdx, 32
  ...[0x48, 0x09, 0xd0], //       or rax, rdx
  0xc3, //                        ret
];

/** Null where code cannot be made at run time. */
const makeReader = (): (() => bigint) | null => {
  const { symbols: libc } = dlopen("libc.so.6", {
    mmap: { args: ["ptr", "u64", "i32", "i32", "i32", "i64"], returns: "ptr" },
    mprotect: { args: ["ptr", "u64", "i32"], returns: "i32" },
  });
  const code = libc.mmap(null, CODE_BYTES, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0);
  if (code === null || code < 0) return null;
  new Uint8Array(toArrayBuffer(code, 0, CODE_BYTES)).set(READ_COUNTER);
  if (libc.mprotect(code, CODE_BYTES, PROT_READ_EXEC) !== 0) return null;
  const call = CFunction({ ptr: code, args: [], returns: "u64" });
  return () => BigInt(call());
};

interface Sample {
  counter: bigint;
  atNs: number;
}

const TRIES = 50;

/** The best of many: the one that was interrupted least between the two clocks. */
const sample = (readCounter: () => bigint): Sample => {
  let best: Sample & { widthNs: number } = { counter: 0n, atNs: 0, widthNs: Number.POSITIVE_INFINITY };
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const beforeNs = Bun.nanoseconds();
    const counter = readCounter();
    const afterNs = Bun.nanoseconds();
    const widthNs = afterNs - beforeNs;
    if (widthNs < best.widthNs) best = { counter, atNs: (beforeNs + afterNs) / 2, widthNs };
  }
  return best;
};

const WINDOW_MS = 200;

/**
 * Kilohertz, to a few parts in a million; null on other processors, or where no code can be made at run
 * time. Takes 200 ms, almost all of it waiting.
 */
export const measureTscKhz = async (): Promise<number | null> => {
  if (process.arch !== "x64") return null;
  const readCounter = makeReader();
  if (readCounter === null) return null;
  const first = sample(readCounter);
  await Bun.sleep(WINDOW_MS);
  const last = sample(readCounter);
  return Math.round((Number(last.counter - first.counter) * 1e6) / (last.atNs - first.atNs));
};
