/** Saves and loads memory of a real process: a child that maps a base file privately, as QEMU does. */
import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import fc from "fast-check";

import { readProcess, writeProcess } from "../system/libc.ts";
import { findGuestMemory, scanDirtyPages } from "./guest-memory.ts";
import type { GuestMemory } from "./guest-memory.ts";
import { DiffLoad, readDiff, type SavedDiff, saveDiff } from "./memory-diff.ts";
import { PAGE_BYTES } from "./page-runs.ts";
import { EMPTY_DIFF_DIGEST, SnapshotRefused } from "./runtime.ts";

const PAGES = 2_048;
const directory = mkdtempSync(join(tmpdir(), "wrenn-diff-"));
afterAll(() => rmSync(directory, { recursive: true }));

const basePath = join(directory, "base");
writeFileSync(basePath, Buffer.alloc(64 * PAGE_BYTES, "base"));
truncateSync(basePath, PAGES * PAGE_BYTES);

/** Maps the base (PROT_READ|PROT_WRITE, MAP_PRIVATE) and waits for its standard input to end. */
const MAPPER = `import { dlopen } from "bun:ffi"; import { openSync } from "node:fs";
const { mmap } = dlopen("libc.so.6", { mmap: { args: ["ptr", "u64", "i32", "i32", "i32", "i64"], returns: "ptr" } }).symbols;
mmap(null, Number(process.argv[2]) * ${PAGE_BYTES}, 3, 2, openSync(process.argv[1], "r"), 0);
console.log("mapped");
for await (const _ of Bun.stdin.stream()) {}`;

/** Gives `use` the mapping of a fresh process, and ends that. */
const withMapping = async <T>(
  use: (memory: GuestMemory) => Promise<T>,
  base = { path: basePath, pages: PAGES },
): Promise<T> => {
  const argv = [process.execPath, "-e", MAPPER, base.path, String(base.pages)];
  const child = Bun.spawn(argv, { stdin: "pipe", stdout: "pipe" });
  try {
    await child.stdout.getReader().read();
    const memory = findGuestMemory(child.pid, base.path);
    if (memory === null) throw new Error("the mapping was not found");
    return await use(memory);
  } finally {
    child.kill("SIGKILL");
    await child.exited;
  }
};

const put = ({ pid, address }: GuestMemory, page: number, content: Uint8Array): void =>
  writeProcess(pid, content, [{ address: address + page * PAGE_BYTES, length: content.length }]);

const contentOf = ({ pid, address, pages }: GuestMemory): Buffer => {
  const bytes = Buffer.alloc(pages * PAGE_BYTES);
  readProcess(pid, bytes, [{ address, length: bytes.length }]);
  return bytes;
};

const loadDiff = (memory: GuestMemory, saved: SavedDiff & { path: string }): Promise<void> =>
  new DiffLoad({ ...saved, pages: memory.pages }).into(memory);

describe("saveDiff() and DiffLoad", () => {
  const path = join(directory, "diff");

  test("bring any set of pages back into another process, zeroed pages too", async () => {
    const writes = fc.array(
      fc.record({
        page: fc.nat({ max: PAGES - 40 }),
        count: fc.integer({ min: 1, max: 40 }),
        byte: fc.nat({ max: 255 }),
      }),
      { minLength: 1, maxLength: 30 },
    );
    await fc.assert(
      fc.asyncProperty(writes, async (all) => {
        const written = new Set<number>();
        const { before, saved } = await withMapping(async (memory) => {
          for (const { page, count, byte } of all) {
            put(memory, page, new Uint8Array(count * PAGE_BYTES).fill(byte));
            for (let offset = 0; offset < count; offset++) written.add(page + offset);
          }
          return { saved: await saveDiff(memory, path), before: contentOf(memory) };
        });
        const pages = saved.runs.flatMap(([first, count]) =>
          Array.from({ length: count }, (_, i) => first + i),
        );
        expect(pages).toEqual([...written].sort((a, b) => a - b));
        const after = await withMapping(async (memory) => {
          await loadDiff(memory, { ...saved, path });
          expect(scanDirtyPages(memory)).toEqual(saved.runs);
          return contentOf(memory);
        });
        expect(after.equals(before)).toBe(true);
      }),
      { numRuns: 12 },
    );
  }, 60_000);

  test("cost disk space for the differing pages only", async () => {
    await withMapping(async (memory) => {
      put(memory, PAGES - 1, new Uint8Array(PAGE_BYTES).fill(7));
      const { runs } = await saveDiff(memory, path);
      expect(runs).toEqual([[PAGES - 1, 1]]);
    });
    expect(statSync(path).size).toBe(PAGE_BYTES);
  });

  test("an untouched memory has the empty digest and needs no file to load", async () => {
    await withMapping(async (memory) => {
      expect(await saveDiff(memory, path)).toEqual({ runs: [], digest: EMPTY_DIFF_DIGEST });
      await loadDiff(memory, { path: "/nowhere", runs: [], digest: EMPTY_DIFF_DIGEST });
    });
  });

  test("a memory of more pieces than are read ahead is loaded whole, a damaged one refused", async () => {
    const MANY = 12_000;
    const large = join(directory, "large-base");
    writeFileSync(large, "");
    truncateSync(large, MANY * PAGE_BYTES);
    const content = crypto.getRandomValues(new Uint8Array(16 * PAGE_BYTES));
    const { saved, before } = await withMapping(
      async (memory) => {
        for (let page = 0; page < MANY; page += 16) put(memory, page, content.with(0, page % 251));
        return { saved: await saveDiff(memory, path), before: contentOf(memory) };
      },
      { path: large, pages: MANY },
    );
    await withMapping(
      async (memory) => {
        await loadDiff(memory, { ...saved, path });
        expect(contentOf(memory).equals(before)).toBe(true);
        const bytes = await Bun.file(path).bytes();
        writeFileSync(path, bytes.with(bytes.length - 1, (bytes.at(-1) ?? 0) ^ 1));
        await expect(loadDiff(memory, { ...saved, path })).rejects.toBeInstanceOf(SnapshotRefused);
        const dropped = new DiffLoad({ ...saved, path: "/nowhere", pages: MANY });
        await dropped.drop();
        await expect(dropped.into(memory)).rejects.toBeInstanceOf(SnapshotRefused);
      },
      { path: large, pages: MANY },
    );
  }, 30_000);

  test("any flipped bit of a saved page is found", async () => {
    const saved = await withMapping(async (memory) => {
      put(memory, 3, crypto.getRandomValues(new Uint8Array(5 * PAGE_BYTES)));
      return saveDiff(memory, path);
    });
    const whole = await Bun.file(path).bytes();
    const read = (bytes: Uint8Array) => {
      writeFileSync(path, bytes);
      return readDiff({ ...saved, path, pages: PAGES }, () => undefined);
    };
    await read(whole);
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 5 * PAGE_BYTES - 1 }), fc.nat({ max: 7 }), async (offset, bit) => {
        const damaged = whole.slice();
        damaged[offset] = (damaged[offset] ?? 0) ^ (1 << bit);
        expect(await read(damaged).catch((error: unknown) => error)).toBeInstanceOf(SnapshotRefused);
      }),
      { numRuns: 40 },
    );
  });
});
