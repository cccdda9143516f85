import { expect, test } from "bun:test";
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { writeCpio } from "./cpio.ts";

test("the cpio tool unpacks names, modes and contents of any length", async () => {
  const directory = await mkdtemp(join(tmpdir(), "wrenn-cpio-"));
  try {
    const archive = writeCpio([
      { path: "bin", mode: 0o755 },
      ...[0, 1, 2, 3, 4, 5].map((length) => ({
        path: `bin/${"n".repeat(length + 1)}`,
        mode: 0o750,
        content: Buffer.alloc(length, "x"),
      })),
    ]);
    const unpack = Bun.spawnSync(["busybox", "cpio", "-idm"], {
      cwd: directory,
      stdin: archive,
      stderr: "pipe",
    });
    expect(unpack.stderr.toString()).not.toContain("error");
    expect(unpack.exitCode).toBe(0);
    expect((await readdir(join(directory, "bin"))).sort()).toEqual([
      "n",
      "nn",
      "nnn",
      "nnnn",
      "nnnnn",
      "nnnnnn",
    ]);
    expect(await Bun.file(join(directory, "bin/nnnn")).text()).toBe("xxx");
    expect((await stat(join(directory, "bin/nn"))).mode & 0o777).toBe(0o750);
  } finally {
    await rm(directory, { recursive: true });
  }
});
