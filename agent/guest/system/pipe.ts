/**
 * Pipes for children's standard streams. Bun's own "pipe" is a socket pair, on which /dev/stdin,
 * /dev/stdout and /dev/stderr cannot be opened, and programs do open them.
 */
import { check, libc } from "./libc.ts";

const O_CLOEXEC = 0o2000000;

export interface Pipe {
  readFd: number;
  writeFd: number;
}

/** Both ends close on exec; the caller owns them. Throws `SystemCallFailed`. */
export const openPipe = (): Pipe => {
  const fds = new Int32Array(2);
  check("pipe2", libc.pipe2(fds, O_CLOEXEC));
  const [readFd = -1, writeFd = -1] = fds;
  return { readFd, writeFd };
};
