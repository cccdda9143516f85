/**
 * Back-pressure for terminals: `Bun.Terminal` reads its side without end, so the other side is stopped
 * instead, as Ctrl-S would: a program that writes to a stopped terminal blocks in the kernel.
 */
import { closeSync, constants, openSync, readlinkSync } from "node:fs";

import { errnoOf } from "../errors.ts";
import { libc } from "./libc.ts";

/** ioctl(2): stop or restart a terminal's output; unlike Ctrl-Q, typing does not undo it. */
const TCXONC = 0x540a;
const TCOOFF = 0;
const TCOON = 1;

/** Path of the terminal a process has as its standard input; null once it is gone. */
export const terminalOf = (pid: number): string | null => {
  try {
    const path = readlinkSync(`/proc/${pid}/fd/0`);
    return path.startsWith("/dev/pts/") ? path : null;
  } catch {
    return null;
  }
};

/** Stops or restarts the output of the terminal at `path`; one that is gone needs neither. */
export const holdTerminal = (path: string, held: boolean): void => {
  try {
    const fd = openSync(path, constants.O_RDWR | constants.O_NOCTTY);
    try {
      libc.ioctl(fd, TCXONC, held ? TCOOFF : TCOON);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (errnoOf(error) === null) throw error;
  }
};
