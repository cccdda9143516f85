/** Guest memory of a stopped QEMU: the pages that differ from the base, to a file and back. */
import { closeSync, fsyncSync, openSync, readFileSync, readSync, writeSync } from "node:fs";

const PAGE_BYTES = 4096;
const ENTRY_BYTES = 8;
/** Longest stretch copied at once. */
const COPY_PAGES = 1024;
/** Upper halves of pagemap entries (Linux Documentation/admin-guide/mm/pagemap.rst). */
const PRESENT_OR_SWAPPED = 0xc000_0000;
const FILE_PAGE = 0x2000_0000;

/** First page and number of pages. */
export type Run = [number, number];

/** Address of the private mapping of `path` and its size in bytes. */
const findRegion = (pid: number, path: string): { address: number; bytes: number } => {
  const line = readFileSync(`/proc/${pid}/maps`, "utf8")
    .split("\n")
    .find((one) => one.endsWith(` ${path}`));
  const [from, to] = (line?.split(" ", 1)[0] ?? "").split("-").map((part) => Number.parseInt(part, 16));
  if (from === undefined || to === undefined) throw new Error(`process ${pid} does not map ${path}`);
  return { address: from, bytes: to - from };
};

const scan = (pid: number, address: number, pages: number): Run[] => {
  const entries = new Uint32Array(pages * 2);
  const fd = openSync(`/proc/${pid}/pagemap`, "r");
  readSync(fd, entries, 0, entries.byteLength, (address / PAGE_BYTES) * ENTRY_BYTES);
  closeSync(fd);
  const runs: Run[] = [];
  let last: Run = [-2, 0];
  for (let page = 0; page < pages; page++) {
    const high = entries[page * 2 + 1] ?? 0;
    if ((high & PRESENT_OR_SWAPPED) === 0 || (high & FILE_PAGE) !== 0) continue;
    if (last[0] + last[1] === page && last[1] < COPY_PAGES) last[1]++;
    else runs.push((last = [page, 1]));
  }
  return runs;
};

const copy = (
  runs: readonly Run[],
  from: [fd: number, base: number],
  to: [fd: number, base: number],
): void => {
  const buffer = new Uint8Array(COPY_PAGES * PAGE_BYTES);
  for (const [page, count] of runs) {
    readSync(from[0], buffer, 0, count * PAGE_BYTES, from[1] + page * PAGE_BYTES);
    writeSync(to[0], buffer, 0, count * PAGE_BYTES, to[1] + page * PAGE_BYTES);
  }
};

/** Writes every page the guest has made its own to `diffPath`; durable when it returns. */
export const saveMemory = (options: { pid: number; basePath: string; diffPath: string }): Run[] => {
  const { address, bytes } = findRegion(options.pid, options.basePath);
  const runs = scan(options.pid, address, bytes / PAGE_BYTES);
  const memory = openSync(`/proc/${options.pid}/mem`, "r");
  const diff = openSync(options.diffPath, "w", 0o600);
  copy(runs, [memory, address], [diff, 0]);
  fsyncSync(diff);
  closeSync(diff);
  closeSync(memory);
  return runs;
};

/** Puts saved pages into a QEMU that has not run yet. */
export const loadMemory = (options: {
  pid: number;
  basePath: string;
  diffPath: string;
  runs: readonly Run[];
}): void => {
  const { address } = findRegion(options.pid, options.basePath);
  const memory = openSync(`/proc/${options.pid}/mem`, "r+");
  const diff = openSync(options.diffPath, "r");
  copy(options.runs, [diff, 0], [memory, address]);
  closeSync(diff);
  closeSync(memory);
};

export const megabytesOf = (runs: readonly Run[]): number =>
  runs.reduce((pages, [, count]) => pages + count, 0) / 256;
