import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
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

/** Runs the command on a machine whose agent fails at one of its commands. */
const runFailing = async (shell: string, { failing, service }: { failing: string; service: string }) => {
  const directory = mkdtempSync(join(tmpdir(), "wrenn-join-"));
  const [bin, scratch, asked] = ["bin", "scratch", "asked"].map((name) => join(directory, name));
  if (bin === undefined || scratch === undefined || asked === undefined) throw new Error("no directory");
  mkdirSync(scratch);
  const agent = `#!/bin/sh\necho "agent $1" >> ${asked}; [ "$1" != ${failing} ]\n`;
  const systemctl = `#!/bin/sh\n[ "$1" = is-active ] && { echo ${service}; [ ${service} = active ]; exit; }; echo "systemctl $1" >> ${asked}\n`;
  try {
    await Bun.write(join(bin, "agent"), agent);
    await Bun.write(join(bin, "systemctl"), systemctl);
    await Bun.write(join(bin, "curl"), `#!/bin/sh\ncp ${join(bin, "agent")} wrenn-agent\n`);
    await Bun.$`chmod 755 ${readdirSync(bin).map((name) => join(bin, name))}`;
    const sha256 = new Bun.CryptoHasher("sha256").update(agent).digest("hex");
    const command = joinCommand({ publicUrl: "http://w", token: "t", sha256 });
    const child = Bun.spawnSync([shell, "-c", command], {
      env: { PATH: `${bin}:/usr/bin:/bin`, TMPDIR: scratch },
    });
    const steps = (await Bun.file(asked).text()).trim().split("\n");
    return { ok: child.exitCode === 0, steps, left: readdirSync(scratch) };
  } finally {
    rmSync(directory, { recursive: true });
  }
};

describe.each(["dash", "bash"])("in %s, what was downloaded is removed, and", (shell) => {
  const upTo = (...steps: string[]) => ["agent doctor", "systemctl stop", "agent register", ...steps];
  test.each([
    ["a service that ran goes on when it fails", "register", "active", upTo("systemctl start")],
    ["one between two starts too", "register", "activating", upTo("systemctl start")],
    ["one that did not run stays so", "register", "inactive", upTo()],
    ["a failing install starts it too", "install", "active", upTo("agent install", "systemctl start")],
    ["an unfit machine loses nothing", "doctor", "active", ["agent doctor"]],
    ["what succeeds is left to install", "nothing", "active", upTo("agent install")],
  ])("%s", async (_what, failing, service, steps) => {
    expect(await runFailing(shell, { failing, service })).toEqual({
      ok: failing === "nothing",
      steps,
      left: [],
    });
  });
});
