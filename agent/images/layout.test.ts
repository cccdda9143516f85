import { describe, expect, test } from "bun:test";
import { chmod, mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, normalize } from "node:path";

import { array, assert, constantFrom, oneof, property, string, stringMatching, uuid } from "fast-check";

import { BadPathName, createLayout, openLayout, UnusableDirectory } from "./layout.ts";

const ROOT = "/var/lib/wrenn";
const layout = createLayout(ROOT);
const builders: ((name: string) => string)[] = [
  (name) => layout.templateDirectory(name, "00000000-0000-0000-0000-000000000000"),
  (name) => layout.templateDirectory("00000000-0000-0000-0000-000000000000", name),
  layout.sandboxDirectory,
  layout.sandboxJournal,
  layout.sandboxVmDirectory,
  layout.layer,
  layout.kernelDirectory,
  layout.drive,
  layout.cached,
];

const hostile = oneof(
  string({ unit: "binary" }),
  array(constantFrom("..", "/", ".", "a", "\0", "%2e", "\\", "-"), { maxLength: 12 }).map((parts) =>
    parts.join(""),
  ),
  uuid(),
  uuid().map((id) => `${id}/../..`),
  stringMatching(/^[0-9a-f]{64}$/),
);

describe("layout", () => {
  test("whatever the name, a path stays under the root or is refused", () => {
    assert(
      property(hostile, constantFrom(...builders), (name, build) => {
        try {
          const path = build(name);
          expect(path.startsWith(`${ROOT}/`)).toBe(true);
          expect(normalize(path)).toBe(path);
          expect(path.includes("\0")).toBe(false);
        } catch (error) {
          expect(error).toBeInstanceOf(BadPathName);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test("a layer is a raw image by digest or a qcow2 file by UUID", () => {
    expect(layout.layer("ab".repeat(32))).toEndWith(".raw");
    expect(layout.layer("00000000-0000-0000-0000-000000000000")).toEndWith(".qcow2");
    expect(() => layout.layer("something")).toThrow(BadPathName);
  });

  test("creates directories that other users can pass through but not list", async () => {
    const parent = await mkdtemp(join(tmpdir(), "wrenn-layout-"));
    try {
      await chmod(parent, 0o755);
      const opened = await openLayout(join(parent, "data"));
      expect((await stat(opened.layers)).mode & 0o777).toBe(0o711);
      expect(opened.instanceId).toMatch(/^[0-9a-f]{6}$/);
      await chmod(parent, 0o700);
      expect(await openLayout(join(parent, "data")).catch((error: unknown) => error)).toBeInstanceOf(
        UnusableDirectory,
      );
    } finally {
      await rm(parent, { recursive: true });
    }
  });
});
