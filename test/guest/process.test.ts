/** Commands inside a real guest agent: events, statuses, environment, rights, refusals. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";

import { Signal } from "../../proto/gen/process/process_pb.ts";
import { begin, byPid, byTag, bytes, codeOf, gather, shell, until } from "./commands.ts";
import { canRunGuestAgent, EXTRA_GROUP, type GuestAgent, startGuestAgent, USER } from "./guest-agent.ts";

describe.skipIf(!canRunGuestAgent)("processes in a guest agent", () => {
  let agent: GuestAgent;
  beforeAll(async () => {
    agent = await startGuestAgent();
  });
  afterAll(() => agent?.stop());

  describe("events and statuses", () => {
    test.each(["binary", "json"])("start, data, end in this order (%s)", async (form) => {
      const client = form === "json" ? agent.processJson() : agent.process();
      const result = await shell(client, "echo out; echo err >&2; exit 3");
      expect(result).toMatchObject({ stdout: "out\n", stderr: "err\n", exitCode: 3, exited: true });
      expect(result).toMatchObject({ status: "exit status 3", error: "exit status 3" });
      expect(result.order).toEqual(["start", "data", "end"]);
      expect(result.pid).toBeGreaterThan(1);
    });

    test("a good end has no error", async () => {
      expect(await shell(agent.process(), "true")).toMatchObject({
        exitCode: 0,
        status: "exit status 0",
        error: undefined,
      });
    });

    test("death by signal", async () => {
      const result = await shell(agent.process(), "kill -9 $$");
      expect(result).toMatchObject({
        exitCode: -1,
        exited: false,
        status: "signal: killed",
        error: "signal: killed",
      });
    });

    test("the pid is the one seen inside", async () => {
      const { pid, stdout } = await shell(agent.process(), "echo $$");
      expect(stdout).toBe(`${pid}\n`);
    });

    test("bytes stay bytes", async () => {
      const { stdoutBytes } = await shell(
        agent.process(),
        'for i in $(seq 0 255); do printf "\\\\$(printf %03o $i)"; done',
      );
      expect([...stdoutBytes]).toEqual(Array.from({ length: 256 }, (_, index) => index));
    });

    test("all output comes before the end, however much", async () => {
      const { stdout } = await shell(agent.process(), "seq 1 200000; echo last");
      expect(stdout.length).toBe(1_288_895 + 5);
      expect(stdout.endsWith("200000\nlast\n")).toBe(true);
    });

    test("a background child that keeps the pipe does not hold up the end, and lives on", async () => {
      const { stdout, pid } = await shell(agent.process(), "(sleep 30; echo late) & echo started");
      expect(stdout).toBe("started\n");
      expect(
        (await shell(agent.process(), `pgrep -g ${pid} | wc -l; pkill -g ${pid}`)).stdout.trim(),
      ).not.toBe("0");
    });

    test("a background child that never stops writing does not hold up the end either", async () => {
      const line =
        "(while :; do echo tick; sleep 0.02; done) & echo started; head -c 60000 /dev/zero; echo last";
      const { stdout, pid, exitCode } = await shell(agent.process(), line);
      expect(exitCode).toBe(0);
      expect(stdout.replaceAll("tick\n", "")).toBe(`started\n${"\0".repeat(60_000)}last\n`);
      await shell(agent.process(), `pkill -g ${pid}`);
    });

    test("keepalives come at the asked interval", async () => {
      const client = agent.process(USER.name, { "keepalive-ping-interval": "0.1" });
      expect((await shell(client, "sleep 0.55")).keepalives).toBeGreaterThanOrEqual(3);
    });
  });

  describe("what a command finds", () => {
    test("environment: the fixed part, the request's, nothing of the agent's", async () => {
      const { stdout } = await shell(agent.process(), "env", { envs: { A: "1", USER: "later wins" } });
      const found = new Map(
        stdout
          .trim()
          .split("\n")
          .map((line) => line.split(/=(.*)/s).slice(0, 2) as [string, string]),
      );
      expect(found.get("HOME")).toBe(USER.home);
      expect(found.get("LOGNAME")).toBe(USER.name);
      expect(found.get("USER")).toBe("later wins");
      expect(found.get("A")).toBe("1");
      expect(found.get("E2B_SANDBOX")).toBe("true");
      expect(found.get("PATH")).toContain("/usr/bin");
      expect([...found.keys()].filter((name) => /^(BUN_|LD_|SECRET)/.test(name))).toEqual([]);
    });

    test("uid, gid, supplementary groups, session, umask, working directory, no capabilities", async () => {
      const line =
        "id -u; id -g; id -G; umask; pwd; ps -o sid=,pgid= -p $$ | tr -s ' '; grep CapEff /proc/self/status";
      const { stdout, pid } = await shell(agent.process(), line);
      const [uid, gid, groups, umask, cwd, session, capabilities] = stdout.trim().split("\n");
      expect([uid, gid]).toEqual([String(USER.uid), String(USER.gid)]);
      expect(groups?.split(" ").sort()).toEqual([String(USER.gid), String(EXTRA_GROUP.gid)].sort());
      expect(umask).toBe("0022");
      expect(cwd).toBe(USER.home);
      expect(session?.trim()).toBe(`${pid} ${pid}`);
      expect(capabilities).toEndWith("0000000000000000");
    });

    test("root keeps its rights, and the agent is root again after a user's command", async () => {
      const { stdout } = await shell(agent.process("root"), "id -u; id -G; cat /etc/shadow | wc -l; pwd");
      expect(stdout.split("\n")[0]).toBe("0");
      expect(stdout).toEndWith("/root\n");
    });

    test("a child is an ordinary candidate when memory runs out", async () => {
      expect((await shell(agent.process(), "cat /proc/self/oom_score_adj")).stdout).toBe("0\n");
    });

    test("/dev/stdin, /dev/stdout and /dev/stderr can be opened anew", async () => {
      const { rest, pid } = await begin(agent.process(), {
        process: { cmd: "sh", args: ["-c", "cat /dev/stdin > /dev/stdout; echo e > /dev/stderr"] },
      });
      await agent
        .process()
        .sendInput({ process: byPid(pid), input: { input: { case: "stdin", value: bytes("through\n") } } });
      await agent.process().closeStdin({ process: byPid(pid) });
      expect(await rest).toMatchObject({ stdout: "through\n", stderr: "e\n" });
    });

    test("relative cwd starts at the home, ~ is the home", async () => {
      await shell(agent.process(), "mkdir -p ~/inner");
      expect((await shell(agent.process(), "pwd", { cwd: "inner" })).stdout).toBe(`${USER.home}/inner\n`);
      expect((await shell(agent.process(), "pwd", { cwd: "~/inner" })).stdout).toBe(`${USER.home}/inner\n`);
    });
  });

  describe("refusals", () => {
    test.each([
      ["a missing cwd", { cmd: "true", cwd: "/nope" }, "InvalidArgument: cwd '/nope' does not exist"],
      ["a cwd of another user", { cmd: "true", cwd: "/root" }, null],
      [
        "an unknown program",
        { cmd: "no-such-program" },
        "InvalidArgument: error starting process 'no-such-program': no such program",
      ],
      [
        "a file that is no program",
        { cmd: "/etc/passwd" },
        "InvalidArgument: error starting process '/etc/passwd': no such program",
      ],
      ["no program", { cmd: "" }, "InvalidArgument: cmd must name a program"],
      ["NUL in an argument", { cmd: "echo", args: ["a\0b"] }, "InvalidArgument: args must not contain NUL"],
      [
        "a bad variable",
        { cmd: "true", envs: { "A=B": "1" } },
        "InvalidArgument: 'A=B' is not a valid environment variable",
      ],
    ])("%s", async (_, config, expected) => {
      const code = await codeOf(gather(agent.process().start({ process: config })));
      if (expected === null) expect(code).not.toBe("no error");
      else expect(code).toBe(expected);
    });

    test("an unknown user", async () => {
      expect(await codeOf(shell(agent.process("nobody-here"), "true"))).toBe(
        "Unauthenticated: invalid username: 'nobody-here'",
      );
    });

    test("unknown pids and tags", async () => {
      const client = agent.process();
      expect(
        await codeOf(client.sendSignal({ process: byPid(999_999), signal: Signal.SIGKILL })),
      ).toStartWith("NotFound");
      expect(await codeOf(client.closeStdin({ process: byTag("none") }))).toStartWith("NotFound");
      expect(await codeOf(client.update({ process: byPid(999_999) }))).toStartWith("NotFound");
      expect(await codeOf(client.sendInput({}))).toStartWith("InvalidArgument");
      expect(await codeOf(gather(client.connect({ process: byPid(999_999) })))).toStartWith("NotFound");
    });
  });

  test("2,000 short commands leave no descriptor, zombie or listed process behind", async () => {
    const count = async (): Promise<number> =>
      Number((await shell(agent.process("root"), "ls /proc/$(cat /run/agent.pid)/fd | wc -l")).stdout);
    const client = agent.process();
    const inEightLanes = (each: number) =>
      Promise.all(
        Array.from({ length: 8 }, async () => {
          for (let done = 0; done < each; done += 1) await shell(client, "echo x");
        }),
      );
    // The connections of eight lanes stay open.
    await inEightLanes(2);
    const before = await count();
    await inEightLanes(250);
    await until("descriptors are back", async () => (await count()) <= before + 4);
    expect((await client.list({})).processes).toEqual([]);
    const zombies = async (): Promise<string> =>
      (await shell(agent.process("root"), "ps -eo stat= | grep -c Z")).stdout.trim();
    await until("nothing is left to reap", async () => (await zombies()) === "0");
  }, 60_000);
});
