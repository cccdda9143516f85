/** Fresh randomness after a restore: without it every clone of a snapshot would draw the same numbers. */
import { openSync } from "node:fs";

import { addressOf, check, libc } from "./libc.ts";

/** random(4): add bytes and credit them; drop what was derived before and start from the pool anew. */
export const RNDADDENTROPY = 0x4008_5203;
export const RNDRESEEDCRNG = 0x5207;

/** Opened once: after a restore every further system call is code to translate anew. */
let device: number | null = null;

/** Mixes `seed` into the kernel's generator and reseeds it. Throws `SystemCallFailed` and errno errors. */
export const reseedKernel = (seed: Uint8Array): void => {
  // struct rand_pool_info: bits of entropy, bytes, then the bytes.
  const request = new Uint8Array(8 + seed.byteLength);
  const header = new DataView(request.buffer);
  header.setInt32(0, seed.byteLength * 8, true);
  header.setInt32(4, seed.byteLength, true);
  request.set(seed, 8);
  device ??= openSync("/dev/urandom", "r");
  check("RNDADDENTROPY", libc.ioctl(device, RNDADDENTROPY, addressOf(request)));
  check("RNDRESEEDCRNG", libc.ioctl(device, RNDRESEEDCRNG, 0));
};
