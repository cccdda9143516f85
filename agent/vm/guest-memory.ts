/** Finds the guest's memory inside a QEMU process and tells which of its pages differ from the base. */
import { closeSync, openSync, readFileSync, readSync } from "node:fs";

import { PAGE_BYTES, RunBuilder } from "./page-runs.ts";
import type { PageRun } from "./page-runs.ts";

/** Where guest memory lies in the process's address space. */
export interface GuestMemory {
  pid: number;
  address: number;
  pages: number;
}

/** One line of /proc/pid/maps: range, rights, offset, device, inode, path. */
const MAPS_LINE = /^([0-9a-f]+)-([0-9a-f]+) (\S+) ([0-9a-f]+) \S+ \d+\s+(.*)$/;

/**
 * The private mapping of `path`, whether it is still there or not, in the text of /proc/pid/maps as address
 * and bytes; null when there is none or it is not one piece from the file's start.
 */
export const findMapping = (maps: string, path: string): { address: number; bytes: number } | null => {
  let found: { address: number; bytes: number } | null = null;
  for (const line of maps.split("\n")) {
    const [, from = "", to = "", rights = "", offset = "", name] = MAPS_LINE.exec(line) ?? [];
    const isSame = name === path || name === `${path} (deleted)`;
    if (!isSame || !rights.startsWith("rw-p")) continue;
    const address = Number.parseInt(from, 16);
    const bytes = Number.parseInt(to, 16) - address;
    // The kernel may show one mapping as several neighbours.
    if (found === null && Number.parseInt(offset, 16) === 0) found = { address, bytes };
    else if (found !== null && found.address + found.bytes === address) found.bytes += bytes;
    else return null;
  }
  return found;
};

/** Null when the process is gone or maps no `path`. */
export const findGuestMemory = (pid: number, path: string): GuestMemory | null => {
  let maps: string;
  try {
    maps = readFileSync(`/proc/${pid}/maps`, "utf8");
  } catch {
    return null;
  }
  const mapping = findMapping(maps, path);
  return mapping === null ? null : { pid, address: mapping.address, pages: mapping.bytes / PAGE_BYTES };
};

/** Pages whose pagemap entries are read at once: 1 MB of entries, 512 MB of guest memory. */
const ENTRIES_PER_READ = 131_072;
const ENTRY_BYTES = 8;

/**
 * Every page the guest has made its own, zeroed ones included, in ascending order. About 1 ms per 512 MB.
 * The VM must be stopped.
 */
export const scanDirtyPages = ({ pid, address, pages }: GuestMemory): PageRun[] => {
  const builder = new RunBuilder();
  const fd = openSync(`/proc/${pid}/pagemap`, "r");
  try {
    const buffer = new Uint8Array(Math.min(pages, ENTRIES_PER_READ) * ENTRY_BYTES);
    for (let page = 0; page < pages;) {
      const wanted = Math.min(pages - page, ENTRIES_PER_READ) * ENTRY_BYTES;
      const got = readSync(fd, buffer, 0, wanted, (address / PAGE_BYTES + page) * ENTRY_BYTES);
      if (got === 0) throw new Error(`the memory map of process ${pid} ended early`);
      builder.addPagemap(new Uint32Array(buffer.buffer, 0, got / 4), page);
      page += got / ENTRY_BYTES;
    }
  } finally {
    closeSync(fd);
  }
  return builder.runs;
};
