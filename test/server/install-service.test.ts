/** `bun run install-service`, as the operator runs it. What the unit says to systemd: `server/up/service/unit.test.ts`. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import {
  appendFileSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { PROJECT_DIRECTORY } from "../../server/up/dependencies.ts";

const COMMAND = ["--no-env-file", "--no-install", "server/up/install-service.ts"];
const UNIT = "etc/systemd/system/wrenn.service";
const SETTINGS = "etc/wrenn.env";
const BUN = "usr/local/lib/wrenn/bun";

const run = async (argv: string[], env: Record<string, string> = {}) => {
  const child = Bun.spawn(argv, {
    cwd: PROJECT_DIRECTORY,
    env: { PATH: process.env["PATH"] ?? "", ...env },
    stdout: "pipe",
    stderr: "pipe",
    timeout: 20_000,
  });
  const [stdout, stderr, exitCode] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { exitCode, stdout, stderr };
};

const install = (args: string[], env: Record<string, string> = {}) =>
  run([process.execPath, ...COMMAND, ...args], env);

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "wrenn-root-"));
});
afterEach(() => {
  rmSync(root, { recursive: true });
  mkdirSync(root);
});
afterAll(() => rmSync(root, { recursive: true }));

describe("below another root", () => {
  test("writes a unit that runs `up`, and the settings of the shell for root's eyes", async () => {
    const settings = { DATABASE_URL: "postgres://a:b@c/d", WRENN_PUBLIC_URL: "https://wrenn.example.com" };
    const done = await install(["--root", root, "--dir", "/srv/wrenn", "--port", "4500"], {
      ...settings,
      OTHER: "x",
      WRENN_INSTALL_MS: "1",
    });
    expect(done).toMatchObject({ exitCode: 0, stderr: "" });
    expect(done.stdout).toContain(`wrote ${join(root, SETTINGS)} with DATABASE_URL, WRENN_PUBLIC_URL\n`);
    expect(readFileSync(join(root, SETTINGS), "utf8").split("\n").slice(1)).toEqual([
      'DATABASE_URL="postgres://a:b@c/d"',
      'WRENN_PUBLIC_URL="https://wrenn.example.com"',
      "",
    ]);
    expect(statSync(join(root, SETTINGS)).mode & 0o777).toBe(0o600);

    const unit = readFileSync(join(root, UNIT), "utf8");
    expect(unit).toContain(' "--dir" "/srv/wrenn" "--port" "4500"\n');
    expect(unit).toContain("\nStandardOutput=append:/srv/wrenn/logs/up.log\n");
    const [, line = ""] = /^ExecStart=(.*)$/m.exec(unit) ?? [];
    const [bun = "", ...argv] = [...line.matchAll(/"([^"]*)"/g)].map(([, text = ""]) => text);
    expect(bun).toBe(`/${BUN}`);
    // With nothing of this shell's.
    const help = await run(["/usr/bin/env", "-i", join(root, bun), ...argv, "--help"]);
    expect(help).toMatchObject({ exitCode: 0, stderr: "" });
    expect(help.stdout).toStartWith("usage: bun run up ");
  });

  test("settings that somebody edited stay, also when the service goes", async () => {
    expect((await install(["--root", root])).exitCode).toBe(0);
    appendFileSync(join(root, SETTINGS), 'WRENN_SIGNUP="closed"\n');
    const again = await install(["--root", root], { WRENN_SIGNUP: "open" });
    expect(again.stdout).toContain("not taken over are WRENN_SIGNUP");
    const removed = await install(["--root", root, "--remove"]);
    expect(removed.exitCode).toBe(0);
    expect([UNIT, BUN, SETTINGS].map((file) => existsSync(join(root, file)))).toEqual([false, false, true]);
    expect(readFileSync(join(root, SETTINGS), "utf8")).toEndWith('\nWRENN_SIGNUP="closed"\n');
    expect((await install(["--root", root, "--remove"])).exitCode).toBe(0);
  });

  test.each([
    [["--port", "70000"], {}, 2, "--port must be a number from 0 to 65535"],
    [["--nonsense"], {}, 2, "usage: bun run install-service"],
    [["--dir", "/srv/a\nb"], {}, 1, "a path for a service must not hold a line break"],
    [[], { WRENN_OIDC_NAME: "a\nb" }, 1, "WRENN_OIDC_NAME: a service's setting must not hold a line break"],
  ])("%j with %j is refused, and nothing is written", async (args, env, exitCode, words) => {
    const refused = await install(["--root", root, ...args], env);
    expect(refused.exitCode).toBe(exitCode);
    expect(refused.stderr).toContain(words);
    expect([UNIT, SETTINGS, BUN].filter((file) => existsSync(join(root, file)))).toEqual([]);
  });
});

describe("on the machine", () => {
  const privately = (script: string, ...argv: string[]) =>
    run(["unshare", "--mount", "sh", "-ec", script, "sh", ...argv]);

  test("without systemd says what to do instead, and writes nothing", async () => {
    const { exitCode, stderr } = await privately(
      'mount -t tmpfs none /run && exec "$@"',
      process.execPath,
      ...COMMAND,
    );
    expect(exitCode).toBe(1);
    expect(stderr).toContain("this machine does not run systemd: have its own service manager start");
    expect(existsSync(`/${UNIT}`)).toBe(false);
  });

  test("starts the service where systemd runs, and stops it before it goes", async () => {
    // A machine of its own: systemctl writes down what it is asked.
    copyFileSync(process.execPath, join(root, "bun"));
    cpSync("/etc", join(root, "etc"), { recursive: true, verbatimSymlinks: true });
    const command = [join(root, "bun"), ...COMMAND].join(" ");
    const data = join(root, "data");
    const script = [
      "mount -t tmpfs none /run && mkdir -p /run/systemd/system /run/bin",
      `mount -t tmpfs none /usr/local && mount --bind ${root}/etc /etc && chmod o+x ${root}`,
      `printf '#!/bin/sh\\necho "$@" >> ${root}/asked\\n' > /run/bin/systemctl && chmod +x /run/bin/systemctl`,
      "PATH=/run/bin:$PATH",
      `${command} --dir ${data} && ${command} --remove`,
    ].join(" && ");
    const done = await privately(script);
    expect(done).toMatchObject({ exitCode: 0, stderr: "" });
    expect(done.stdout).toContain(`started; ${data}/logs/up.log shows how far it is`);
    expect(statSync(join(data, "logs")).mode & 0o777).toBe(0o700);
    expect(readFileSync(join(root, "asked"), "utf8").trim().split("\n")).toEqual([
      "daemon-reload",
      "enable wrenn.service",
      "restart --no-block wrenn.service",
      "disable --now wrenn.service",
      "daemon-reload",
    ]);
  });
});
