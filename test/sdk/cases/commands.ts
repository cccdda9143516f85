/** `sandbox.commands`: what a command says, how it ends, what it is started with. */
import assert from "node:assert/strict";

import { type Case, everywhere, inFull } from "../program/case.ts";
import { until } from "../program/until.ts";
import { fails } from "./expect.ts";

export const COMMANDS: Case[] = [
  everywhere("commands: output and exit code", async (_sdk, world) => {
    const { commands } = await world.sandbox();
    const { stdout, stderr, exitCode, error } = await commands.run("echo out; echo err >&2");
    assert.deepEqual([stdout, stderr, exitCode, error ?? ""], ["out\n", "err\n", 0, ""]);
  }),

  everywhere("commands: a failure is an error that carries everything", async (sdk, world) => {
    const { commands } = await world.sandbox();
    const failed = commands.run("echo partly; echo why >&2; exit 3");
    const error = await fails(failed, sdk.CommandExitError);
    assert.deepEqual([error.exitCode, error.stdout, error.stderr], [3, "partly\n", "why\n"]);
    assert.equal(error.error, "exit status 3");
  }),

  everywhere("commands: pieces arrive while it runs", async (_sdk, world) => {
    const { commands } = await world.sandbox();
    const seen: string[] = [];
    const handle = await commands.run("echo first; read line; echo $line; echo bad >&2", {
      background: true,
      stdin: true,
      onStdout: (text) => void seen.push(`1:${text}`),
      onStderr: (text) => void seen.push(`2:${text}`),
    });
    await until("the first line", () => seen.includes("1:first\n"));
    await handle.sendStdin("second\n");
    const { stdout, stderr } = await handle.wait();
    assert.deepEqual([stdout, stderr], ["first\nsecond\n", "bad\n"]);
    assert.deepEqual(seen.toSorted(), ["1:first\n", "1:second\n", "2:bad\n"]);
  }),

  inFull("commands: environment, folder and user", async (sdk, world) => {
    const sandbox = await world.create({ envs: { COLOUR: "red", SIZE: "small" } });
    const line = "echo $COLOUR $SIZE $PWD $(whoami) $E2B_SANDBOX";
    const plain = await sandbox.commands.run(line);
    assert.equal(plain.stdout, "red small /home/user user true\n");
    const other = await sandbox.commands.run(line, { envs: { SIZE: "big" }, cwd: "/tmp", user: "root" });
    assert.equal(other.stdout, "red big /tmp root true\n");
    const home = await sandbox.commands.run("echo $HOME $USER $LOGNAME", { user: "root" });
    assert.equal(home.stdout, "/root root root\n");
    await fails(sandbox.commands.run("true", { cwd: "/nowhere" }), sdk.InvalidArgumentError);
    await fails(
      sandbox.commands.run("true", { user: "nobody-here" }),
      sdk.AuthenticationError,
      /nobody-here/,
    );
  }),

  inFull("commands: what is said in any bytes comes as text", async (_sdk, world) => {
    const { commands } = await world.sandbox();
    // One byte at a time: a character comes whole or not at all.
    const drip = await commands.run(
      "for b in f0 9f 98 80 c3 a9; do printf \"\\x$b\"; sleep 0.05; done; printf 'a\\r\\nb'",
    );
    assert.equal(drip.stdout, "😀éa\r\nb");
    const broken = await commands.run("printf 'a\\xff\\xfeb\\x00c'");
    assert.equal(broken.stdout, "a\uFFFD\uFFFDb\0c");
    const none = await commands.run("true");
    assert.equal(none.stdout + none.stderr, "");
  }),

  inFull("commands: quotes, newlines and emoji reach the shell", async (_sdk, world) => {
    const { commands } = await world.sandbox();
    const text = `it's "quoted" \\ $HOME \`x\` 😀\nsecond line`;
    const { stdout } = await commands.run('printf %s "$TEXT"', { envs: { TEXT: text } });
    assert.equal(stdout, text);
    assert.equal((await commands.run("cat <<'END'\none\ntwo\nEND")).stdout, "one\ntwo\n");
  }),

  inFull("commands: twenty at once keep apart", async (_sdk, world) => {
    const { commands } = await world.sandbox();
    const numbers = Array.from({ length: 20 }, (_, index) => index);
    const all = await Promise.all(numbers.map((n) => commands.run(`echo ${n}; exit 0`)));
    assert.deepEqual(
      all.map(({ stdout }) => stdout),
      numbers.map((n) => `${n}\n`),
    );
  }),

  everywhere("commands: a time limit ends it", async (sdk, world) => {
    const { commands } = await world.sandbox();
    const limited = commands.run("echo $$ > /tmp/limited; exec sleep 300", { timeoutMs: 1_500 });
    await fails(limited, sdk.TimeoutError, /timeoutMs/);
    const { stdout: pid } = await commands.run("cat /tmp/limited");
    const gone = async () => (await commands.run(`kill -0 ${pid.trim()} 2>/dev/null || echo gone`)).stdout;
    await until("it is gone", async () => (await gone()) === "gone\n");
  }),

  inFull("commands: an aborted one is reported as such", async (_sdk, world) => {
    const { commands } = await world.sandbox();
    const stop = new AbortController();
    const running = commands.run("sleep 300", { signal: stop.signal });
    setTimeout(() => stop.abort(), 300);
    await assert.rejects(running);
  }),

  inFull("commands: without a time limit it may take its time", async (_sdk, world) => {
    const { commands } = await world.sandbox();
    const { stdout } = await commands.run("sleep 2; echo done", { timeoutMs: 0, requestTimeoutMs: 1_000 });
    assert.equal(stdout, "done\n");
  }),

  inFull("commands: in a sandbox that was killed there are none", async (sdk, world) => {
    const sandbox = await world.create();
    const running = sandbox.commands.run("sleep 300");
    const outcome = fails(running, sdk.TimeoutError);
    await until("it runs", async () => (await sandbox.commands.list()).length > 0);
    await sandbox.kill();
    await outcome;
    await fails(sandbox.commands.run("true"), sdk.SandboxNotFoundError);
  }),
];
