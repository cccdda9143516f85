/** Last words of a QEMU process, for error messages. */
import { open } from "node:fs/promises";

const TAIL_BYTES = 4096;

/** The last line QEMU printed, cut to 300 characters; empty when it printed nothing or left no file. */
export const lastLogLine = async (path: string): Promise<string> => {
  try {
    const handle = await open(path, "r");
    try {
      const { size } = await handle.stat();
      const start = Math.max(0, size - TAIL_BYTES);
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(TAIL_BYTES), 0, TAIL_BYTES, start);
      const lines = buffer.toString("utf8", 0, bytesRead).trim().split("\n");
      return (lines.at(-1) ?? "").trim().slice(0, 300);
    } finally {
      await handle.close();
    }
  } catch {
    return "";
  }
};
