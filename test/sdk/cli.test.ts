/** The published `@e2b/cli` as a person uses it, on both runtimes and both kinds of addresses. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";

import { waitFor } from "../support/wait-for.ts";
import { Cli, type CliResult, type CliTerminal } from "./support/cli.ts";
import type { Urls } from "./support/combinations.ts";
import { findRuntime, type RuntimeName } from "./support/runtimes.ts";
import { Stage } from "./support/stage.ts";

const START_MS = 600_000;
setDefaultTimeout(120_000);

const isSoak = process.env["WRENN_TEST_SOAK"] === "1";

let stage: Stage;
let cli: Cli;
beforeAll(async () => {
  stage = await Stage.start(1);
  cli = await Cli.install(stage);
}, START_MS);
afterAll(() => stage[Symbol.asyncDispose](), START_MS);

/** The first tries every command, in a soak all do. */
const USERS: { name: RuntimeName; urls: Urls }[] = [
  { name: "Node", urls: "plain" },
  { name: "Bun", urls: "tls" },
  { name: "Node", urls: "tls" },
  { name: "Bun", urls: "plain" },
];

const idIn = (text: string): string => /\b[0-9a-f]{32}\b/.exec(text)?.[0] ?? "";

for (const [place, { name, urls }] of USERS.entries()) {
  const group = `${name}, ${urls === "plain" ? "plain URLs" : "TLS and host names"}`;
  const runtime = findRuntime(name);
  if (typeof runtime === "string") {
    describe(group, () => test.skip(`the CLI: ${runtime}`, () => {}));
    continue;
  }
  const ok = (args: string[], stdin?: string): Promise<string> => cli.ok(runtime, urls, args, stdin);
  const run = (args: string[]): Promise<CliResult> => cli.run(runtime, urls, args);
  const open = (args: string[]): CliTerminal => cli.open(runtime, urls, args);
  const isFull = place === 0 || isSoak;
  const inFull = (what: string, work: () => Promise<void>): void => {
    if (isFull) test(what, work);
  };
  /** Its terminals call `process.stdout.setEncoding`, which Bun does not have. */
  const withTerminal = (what: string, work: () => Promise<void>): void => {
    if (name === "Node") inFull(what, work);
  };

  describe(group, () => {
    let id = "";
    test("sandbox create, list, info", async () => {
      id = idIn(await ok(["sandbox", "create", "base", "--detach", "--timeout", "600"]));
      expect(id).toMatch(/^[0-9a-f]{32}$/);
      const listed: { sandboxId: string }[] = JSON.parse(await ok(["sandbox", "list", "--format", "json"]));
      expect(listed.map(({ sandboxId }) => sandboxId)).toContain(id);
      const info = JSON.parse(await ok(["sandbox", "info", id, "--format", "json"]));
      expect(info).toMatchObject({ sandboxId: id, state: "running", metadata: {} });
    });

    test("sandbox exec: output, exit code, input, user, environment", async () => {
      const exec = ["sandbox", "exec", "--user", "root", "--cwd", "/tmp", "--env", "COLOUR=red", id];
      expect(await ok([...exec, 'echo "$COLOUR $PWD $(whoami)"'])).toBe("red /tmp root\n");
      const failed = await run(["sandbox", "exec", id, "echo out; echo err >&2; exit 7"]);
      expect(failed).toMatchObject({ exitCode: 7, stdout: "out\n" });
      expect(failed.stderr).toContain("err\n");
      expect(await ok(["sandbox", "exec", id, "cat"], "piped 😀")).toBe("piped 😀");
    });

    withTerminal("sandbox connect: a terminal", async () => {
      const terminal = open(["sandbox", "connect", id]);
      await terminal.shows("Terminal connecting to sandbox");
      terminal.type("echo product-$((6 * 7))-$(whoami)\n");
      await terminal.shows("product-42-user");
      terminal.type("stty size\n");
      await terminal.shows("30 100");
      terminal.type("exit\n");
      await terminal.shows("Closing terminal connection");
      expect(await terminal.ended()).toBe(0);
      expect(await ok(["sandbox", "list"])).toContain(id);
    });

    withTerminal("sandbox create: a terminal at once", async () => {
      const terminal = open(["sandbox", "create"]);
      await terminal.shows("Terminal connecting to template");
      terminal.type("echo product-$((6 * 7))\n");
      await terminal.shows("product-42");
      terminal.type("exit\n");
      await terminal.shows("Closing terminal connection");
      await terminal.ended();
      const own = idIn(terminal.screen);
      // It leaves the sandbox a second.
      const isGone = async () => !(await ok(["sandbox", "list"])).includes(own);
      await waitFor("it ended", isGone, 20_000, 200);
    });

    inFull("sandbox pause, list by state, resume", async () => {
      await ok(["sandbox", "pause", id]);
      expect(await ok(["sandbox", "list"])).not.toContain(id);
      expect(await ok(["sandbox", "list", "--state", "paused"])).toContain(id);
      await ok(["sandbox", "resume", id]);
      expect(await ok(["sandbox", "list"])).toContain(id);
    });

    inFull("sandbox logs, metrics", async () => {
      await ok(["sandbox", "exec", "--user", "root", id, "echo told by console > /dev/console"]);
      const told = async () => (await ok(["sandbox", "logs", id])).includes("told by console");
      await waitFor("the log tells it", told, 30_000, 200);
      const measured = async () =>
        (await ok(["sandbox", "metrics", id, "--format", "json"])).includes("memUsed");
      await waitFor("there are metrics", measured, 30_000, 200);
      expect(await ok(["sandbox", "metrics", id])).toMatch(/CPU.*Memory.*Disk/);
    });

    inFull("sandbox snapshot create, list, delete", async () => {
      const made = await ok(["sandbox", "snapshot", "create", id]);
      const snapshot = /Created snapshot (\S+)/.exec(made)?.[1] ?? "none";
      expect(await ok(["sandbox", "snapshot", "list", id])).toContain(snapshot);
      await ok(["sandbox", "snapshot", "delete", snapshot]);
      expect(await ok(["sandbox", "snapshot", "list"])).not.toContain(snapshot);
    });

    test("sandbox kill", async () => {
      expect(await ok(["sandbox", "kill", id])).toContain(id);
      const info = await run(["sandbox", "info", id]);
      expect([info.exitCode, info.stderr]).toEqual([1, expect.stringContaining("wasn't found")]);
      const metrics = await run(["sandbox", "metrics", id]);
      expect([metrics.exitCode, metrics.stderr]).toEqual([1, expect.stringContaining("not found")]);
    });

    inFull("template list", async () => {
      const listed: { aliases: string[] }[] = JSON.parse(await ok(["template", "list", "--format", "json"]));
      expect(listed.flatMap(({ aliases }) => aliases)).toContain("base");
    });

    inFull("what is not there says so", async () => {
      const { exitCode, stdout, stderr } = await run(["template", "publish", "base", "--yes"]);
      expect(exitCode).not.toBe(0);
      expect(stdout + stderr).toContain("501");
    });
  });
}
