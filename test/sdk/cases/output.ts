/** Much output, and slow readers: everything arrives, in order. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

import { type Case, everywhere, inFull } from "../program/case.ts";

const MB = 1_000_000;

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/** The first bytes of `seq 1 …`. */
const numbers = (bytes: number): string => {
  const lines: string[] = [];
  for (let n = 1, length = 0; length < bytes; n += 1) {
    lines.push(`${n}\n`);
    length += lines.at(-1)?.length ?? 0;
  }
  return lines.join("").slice(0, bytes);
};

const line = (bytes: number): string => `seq 1 ${bytes} 2>/dev/null | head -c ${bytes}`;

export const OUTPUT: Case[] = [
  everywhere("output: a megabyte arrives whole", async (_sdk, world) => {
    const { commands } = await world.sandbox();
    const { stdout } = await commands.run(line(MB));
    assert.equal(stdout.length, MB);
    assert.equal(sha256(stdout), sha256(numbers(MB)));
  }),

  inFull("output: all of it for a reader of 1 MB a second", async (_sdk, world) => {
    const { commands } = await world.sandbox();
    const bytes = (world.settings.isSoak ? 100 : 10) * MB;
    const hash = createHash("sha256");
    let count = 0;
    const startedAt = performance.now();
    await commands.run(line(bytes), {
      timeoutMs: 0,
      onStdout: async (text) => {
        hash.update(text);
        count += text.length;
        const dueMs = (count / MB) * 1_000 - (performance.now() - startedAt);
        if (dueMs > 0) await sleep(dueMs);
      },
    });
    assert.equal(count, bytes);
    assert.equal(hash.digest("hex"), sha256(numbers(bytes)));
    assert.ok(performance.now() - startedAt >= (bytes / MB) * 1_000 - 1_000, "it was read slowly");
  }),

  inFull("output: a line of 10 MB", async (_sdk, world) => {
    const { commands } = await world.sandbox();
    const bytes = world.settings.isSoak ? 10 * MB : MB;
    const { stdout, stderr } = await commands.run(
      `head -c ${bytes} /dev/zero | tr '\\0' x; echo; echo e >&2`,
    );
    assert.equal(stdout.length, bytes + 1);
    assert.equal(stdout, `${"x".repeat(bytes)}\n`);
    assert.equal(stderr, "e\n");
  }),

  inFull("output: what a command said last arrives before its end", async (_sdk, world) => {
    const { commands } = await world.sandbox();
    for (let round = 0; round < 20; round += 1) {
      const { stdout } = await commands.run(`seq 1 2000; echo last ${round}`);
      assert.ok(stdout.endsWith(`2000\nlast ${round}\n`), `round ${round}: ${stdout.slice(-40)}`);
    }
  }),
];
