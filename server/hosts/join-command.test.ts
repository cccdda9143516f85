import { describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { joinCommand } from "./join-command.ts";

/** Names that a shell would take apart, or run. */
const AWKWARD = [
  "https://wrenn.example/it's",
  "https://wrenn.example/$(touch ran)",
  'https://a/`id`;b&c"d e',
];

describe.each(AWKWARD)("a server at %s", (publicUrl) => {
  test("is one word to the shell, and the token is in no command line", async () => {
    const directory = mkdtempSync(join(tmpdir(), "wrenn-join-"));
    try {
      // An agent that says what it was asked.
      await Bun.write(
        join(directory, "wrenn-agent"),
        '#!/bin/sh\nprintf "%s|" "$@" "$WRENN_REGISTRATION_TOKEN"; echo\n',
      );
      await Bun.$`chmod 755 ${join(directory, "wrenn-agent")}`;
      const command = joinCommand({ publicUrl, token: "t0ken", sha256: null });
      const child = Bun.spawnSync(["sh", "-c", command], {
        cwd: directory,
        env: { PATH: `${directory}:/usr/bin:/bin` },
      });
      expect(child.stderr.toString()).toBe("");
      expect(child.stdout.toString().split("\n")).toEqual([
        "doctor||",
        `register|--server|${publicUrl}|t0ken|`,
        "install||",
        "",
      ]);
      expect(existsSync(join(directory, "ran"))).toBe(false);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

test("what was downloaded is not run unless its digest is right", () => {
  const command = joinCommand({ publicUrl: "http://w", token: "t", sha256: "0".repeat(64) });
  // A stand-in for curl that writes something else.
  const script = `curl() { echo '#!/bin/sh\necho ran' > wrenn-agent; }; ${command}`;
  const child = Bun.spawnSync(["sh", "-c", script]);
  expect(child.exitCode).not.toBe(0);
  expect(child.stdout.toString()).not.toContain("ran");
  expect(child.stderr.toString()).toContain("did NOT match");
});
