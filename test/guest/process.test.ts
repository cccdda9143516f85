/** Commands inside a real guest agent: events, statuses, environment, rights, input, signals, terminals. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";

import type { MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";

import { Signal, type StreamInputRequestSchema } from "../../proto/gen/process/process_pb.ts";
import { begin, gather, shell, until } from "./commands.ts";
import { canRunGuestAgent, EXTRA_GROUP, type GuestAgent, startGuestAgent, USER } from "./guest-agent.ts";

const byPid = (pid: number) => ({ selector: { case: "pid" as const, value: pid } });
const byTag = (tag: string) => ({ selector: { case: "tag" as const, value: tag } });
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

const codeOf = async (call: Promise<unknown>): Promise<string> => {
  try {
    await call;
    return "no error";
  } catch (error) {
    return error instanceof ConnectError ? `${Code[error.code]}: ${error.rawMessage}` : String(error);
  }
};

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

  describe("input", () => {
    const cat = { process: { cmd: "cat" } };

    test("SendInput and CloseStdin; stdin is open unless refused, an empty input is valid", async () => {
      const client = agent.process();
      const { pid, rest } = await begin(client, cat);
      const send = (value: Uint8Array) =>
        client.sendInput({ process: byPid(pid), input: { input: { case: "stdin", value } } });
      await send(bytes("one "));
      await send(new Uint8Array());
      await send(new Uint8Array([0, 255, 10]));
      await client.closeStdin({ process: byPid(pid) });
      expect([...(await rest).stdoutBytes]).toEqual([...bytes("one "), 0, 255, 10]);
    });

    test("5 MB through a process and back", async () => {
      const client = agent.process();
      const { pid, rest } = await begin(client, { process: { cmd: "sha256sum" } });
      const chunk = crypto.getRandomValues(new Uint8Array(65_536));
      const hash = new Bun.CryptoHasher("sha256");
      for (let sent = 0; sent < 80; sent += 1) {
        hash.update(chunk);
        await client.sendInput({ process: byPid(pid), input: { input: { case: "stdin", value: chunk } } });
      }
      await client.closeStdin({ process: byPid(pid) });
      expect((await rest).stdout).toBe(`${hash.digest("hex")}  -\n`);
    });

    test("without stdin there is none, and input is refused", async () => {
      expect((await shell(agent.process(), "wc -c", { stdin: false })).stdout.trim()).toBe("0");
      const { pid, leave } = await begin(agent.process(), {
        process: { cmd: "sleep", args: ["20"] },
        stdin: false,
      });
      const call = agent
        .process()
        .sendInput({ process: byPid(pid), input: { input: { case: "stdin", value: bytes("x") } } });
      expect(await codeOf(call)).toStartWith("FailedPrecondition");
      await agent.process().sendSignal({ process: byPid(pid), signal: Signal.SIGKILL });
      leave();
    });

    test("StreamInput", async () => {
      const { pid, rest } = await begin(agent.process(), cat);
      async function* input(): AsyncGenerator<MessageInitShape<typeof StreamInputRequestSchema>> {
        yield { event: { case: "start", value: { process: byPid(pid) } } };
        yield { event: { case: "keepalive", value: {} } };
        for (const word of ["a", "b", "c"]) {
          yield {
            event: { case: "data", value: { input: { input: { case: "stdin", value: bytes(word) } } } },
          };
        }
      }
      await agent.process().streamInput(input());
      await agent.process().closeStdin({ process: byPid(pid) });
      expect((await rest).stdout).toBe("abc");
    });

    test("a process that never reads does not take memory without end", async () => {
      const { pid, rest } = await begin(agent.process(), { process: { cmd: "sleep", args: ["60"] } });
      const sends = Array.from({ length: 8 }, () =>
        codeOf(
          agent.process().sendInput({
            process: byPid(pid),
            input: { input: { case: "stdin", value: new Uint8Array(4 << 20) } },
          }),
        ),
      );
      expect(await Promise.race(sends)).toStartWith("ResourceExhausted");
      await agent.process().sendSignal({ process: byPid(pid), signal: Signal.SIGKILL });
      await rest;
      expect((await Promise.all(sends)).filter((code) => code === "no error")).toEqual([]);
    });
  });

  describe("signals and deadlines", () => {
    test("a signal reaches the whole process group", async () => {
      const { pid, rest } = await begin(agent.process(), {
        process: { cmd: "sh", args: ["-c", "sleep 77 & sleep 78; true"] },
      });
      await until(
        "both children run",
        async () => (await shell(agent.process(), `pgrep -g ${pid} | wc -l`)).stdout.trim() === "3",
      );
      await agent.process().sendSignal({ process: byPid(pid), signal: Signal.SIGKILL });
      expect(await rest).toMatchObject({ exitCode: -1, status: "signal: killed" });
      await until(
        "the group is gone",
        async () => (await shell(agent.process(), `pgrep -g ${pid} | wc -l`)).stdout.trim() === "0",
      );
    });

    test("SIGTERM can be handled", async () => {
      const { pid, rest } = await begin(agent.process(), {
        process: {
          cmd: "sh",
          args: ["-c", "trap 'echo bye; exit 7' TERM; echo ready; while :; do sleep 0.05; done"],
        },
        tag: "trap",
      });
      await until("the trap is set", async () =>
        (await agent.process().list({})).processes.some(({ tag }) => tag === "trap"),
      );
      await shell(
        agent.process(),
        `until [ "$(grep SigCgt /proc/${pid}/status | tail -c 5)" != 0000 ]; do :; done`,
      );
      await agent.process().sendSignal({ process: byTag("trap"), signal: Signal.SIGTERM });
      expect(await rest).toMatchObject({ stdout: "ready\nbye\n", exitCode: 7, exited: true });
    });

    test("Connect-Timeout-Ms kills the process, also when its client has left", async () => {
      const controller = new AbortController();
      const client = agent.process();
      const events = client.start(
        { process: { cmd: "sleep", args: ["4321"] } },
        { timeoutMs: 700, signal: controller.signal },
      );
      const pid = await (async () => {
        for await (const { event } of events) if (event?.event.case === "start") return event.event.value.pid;
        return 0;
      })();
      controller.abort();
      expect((await shell(client, `kill -0 ${pid} && echo alive`)).stdout).toBe("alive\n");
      await until(
        "the process is killed",
        async () => (await shell(client, `kill -0 ${pid} 2>&1 || true`)).stdout !== "",
      );
    });

    test("a deadline longer than any timer is none", async () => {
      const client = agent.process(USER.name, { "connect-timeout-ms": "9999999999" });
      expect(await shell(client, "sleep 0.2; echo done")).toMatchObject({ stdout: "done\n", exitCode: 0 });
    });

    test("the process outlives its client", async () => {
      const { pid, leave } = await begin(agent.process(), { process: { cmd: "sleep", args: ["5432"] } });
      leave();
      const alive = async () =>
        (await agent.process().list({})).processes.some((process) => process.pid === pid);
      expect(await alive()).toBe(true);
      await agent.process().sendSignal({ process: byPid(pid), signal: Signal.SIGKILL });
      await until("it is gone from the list", async () => !(await alive()));
    });
  });

  describe("viewers", () => {
    test("Connect by tag sees new output and the end; List shows the request", async () => {
      const line = "echo before; read go; echo after; exit 4";
      const { pid, rest } = await begin(agent.process(), {
        process: { cmd: "sh", args: ["-c", line], envs: { K: "v" } },
        tag: "job",
      });
      const listed = (await agent.process().list({})).processes.find((process) => process.pid === pid);
      expect(listed).toMatchObject({
        tag: "job",
        config: { cmd: "sh", args: ["-c", line], envs: { K: "v" } },
      });
      const second = gather(agent.process().connect({ process: byTag("job") }));
      await until(
        "the first line is out",
        async () => (await shell(agent.process(), `cat /proc/${pid}/wchan`)).exitCode === 0,
      );
      await agent
        .process()
        .sendInput({ process: byPid(pid), input: { input: { case: "stdin", value: bytes("\n") } } });
      expect(await rest).toMatchObject({ stdout: "before\nafter\n", exitCode: 4 });
      const seen = await second;
      expect(seen.stdout).toEndWith("after\n");
      expect(seen.exitCode).toBe(4);
    });

    test("an ended process: Connect tells its end, the replay header its output too", async () => {
      const { pid } = await shell(agent.process(), "echo kept; exit 5", { tag: "ended" });
      const ended = await gather(agent.process().connect({ process: byPid(pid) }));
      expect(ended).toMatchObject({ stdout: "", exitCode: 5, order: ["start", "end"] });
      const replayed = await gather(
        agent.process(USER.name, { "wrenn-replay": "true" }).connect({ process: byTag("ended") }),
      );
      expect(replayed).toMatchObject({ stdout: "kept\n", exitCode: 5, pid });
    });

    test("the replay keeps the last 64 KB", async () => {
      const { pid, stdout } = await shell(agent.process(), "seq 1 50000");
      const replayed = await gather(
        agent.process(USER.name, { "wrenn-replay": "true" }).connect({ process: byPid(pid) }),
      );
      expect(replayed.stdout).toBe(stdout.slice(-65_536));
    });

    test("20 MB to a slow reader: nothing lost, and the process waits meanwhile", async () => {
      const line = "head -c 20000000 /dev/zero | tr '\\0' x; echo written > /home/user/written";
      const events = agent.process().start({ process: { cmd: "sh", args: ["-c", line] }, stdin: false });
      let total = 0;
      let pid = 0;
      for await (const { event } of events) {
        const value = event?.event;
        if (value?.case === "start") pid = value.value.pid;
        if (value?.case === "data" && value.value.output.case === "stdout") {
          if (total === 0) {
            // The writer cannot have finished: its output does not fit all buffers on the way.
            await shell(agent.process(), `for i in $(seq 10); do sleep 0.05; done`);
            expect(
              (
                await shell(
                  agent.process(),
                  `cat /home/user/written 2>/dev/null; kill -0 ${pid} && echo alive`,
                )
              ).stdout,
            ).toBe("alive\n");
          }
          total += value.value.output.value.byteLength;
        }
      }
      expect(total).toBe(20_000_000);
    });

    test("without viewers the process never waits, and its last output is kept", async () => {
      const { pid, leave } = await begin(agent.process(), {
        process: { cmd: "sh", args: ["-c", "read go; head -c 20000000 /dev/zero; echo END"] },
      });
      leave();
      await agent
        .process()
        .sendInput({ process: byPid(pid), input: { input: { case: "stdin", value: bytes("\n") } } });
      await until(
        "it ends",
        async () => !(await agent.process().list({})).processes.some((process) => process.pid === pid),
      );
      const { stdout, exitCode } = await gather(
        agent.process(USER.name, { "wrenn-replay": "true" }).connect({ process: byPid(pid) }),
      );
      expect(exitCode).toBe(0);
      expect(stdout.length).toBe(65_536);
      expect(stdout.endsWith("END\n")).toBe(true);
    });
  });

  describe("terminals", () => {
    const pty = { size: { cols: 97, rows: 31 } };

    test("a controlling terminal of the asked size, owned by the user, resized on the way", async () => {
      const client = agent.process();
      const { pid, rest } = await begin(client, {
        process: {
          cmd: "bash",
          args: ["-c", "tty; stty size; stat -c %U $(tty); : > /dev/tty; read x; stty size"],
        },
        pty,
      });
      await client.update({ process: byPid(pid), pty: { size: { cols: 120, rows: 40 } } });
      await client.sendInput({ process: byPid(pid), input: { input: { case: "pty", value: bytes("\r") } } });
      // The typed return is echoed wherever it arrives.
      const lines = (await rest).pty.split("\r\n").filter((line) => line !== "");
      expect(lines[0]).toStartWith("/dev/pts/");
      expect(lines[1]).toMatch(/^(31 97|40 120)$/);
      expect(lines[2]).toBe(USER.name);
      expect(lines.at(-1)).toBe("40 120");
    });

    test("Ctrl-C interrupts the foreground job; the exit status is the shell's", async () => {
      const client = agent.process();
      const { pid, rest } = await begin(client, { process: { cmd: "bash", args: ["--norc", "-i"] }, pty });
      const type = (text: string) =>
        client.sendInput({ process: byPid(pid), input: { input: { case: "pty", value: bytes(text) } } });
      await type("sleep 999\r");
      await until(
        "the job runs",
        async () => (await shell(client, "pgrep -x sleep -a | grep -c 999")).stdout.trim() !== "0",
      );
      await type("\x03");
      await type("exit 6\r");
      expect(await rest).toMatchObject({ exitCode: 6, exited: true });
    });

    test("a slow reader stops the terminal instead of losing output", async () => {
      const events = agent
        .process()
        .start({ process: { cmd: "sh", args: ["-c", "seq 1 600000; echo END"] }, pty });
      let text = "";
      let isFirst = true;
      for await (const { event } of events) {
        const value = event?.event;
        if (value?.case !== "data" || value.value.output.case !== "pty") continue;
        if (isFirst) await shell(agent.process(), "sleep 0.5");
        isFirst = false;
        text += new TextDecoder().decode(value.value.output.value);
      }
      const numbers = text.trimEnd().split("\r\n");
      expect(numbers.length).toBe(600_001);
      expect(numbers.at(-1)).toBe("END");
      expect(numbers[299_999]).toBe("300000");
    });

    test("left alone, it is hung up after the asked time, and only then", async () => {
      const client = agent.process(USER.name, { "wrenn-hangup-after": "0.4" });
      const { pid, leave } = await begin(client, { process: { cmd: "cat" }, pty, tag: "left" });
      await shell(agent.process(), "sleep 0.6");
      leave();
      const second = await begin(agent.process(), { process: { cmd: "cat" }, pty });
      second.leave();
      const running = async (): Promise<number[]> =>
        (await agent.process().list({})).processes.map((process) => process.pid);
      expect(await running()).toContain(pid);
      await until("it is hung up", async () => !(await running()).includes(pid));
      expect(await gather(agent.process().connect({ process: byTag("left") }))).toMatchObject({
        status: "signal: hangup",
      });
      expect(await running()).toContain(second.pid);
      await agent.process().sendSignal({ process: byPid(second.pid), signal: Signal.SIGKILL });
    });

    test("stdin is refused on a terminal, resize without one", async () => {
      const { pid, rest } = await begin(agent.process(), { process: { cmd: "cat" }, pty });
      const call = agent
        .process()
        .sendInput({ process: byPid(pid), input: { input: { case: "stdin", value: bytes("x") } } });
      expect(await codeOf(call)).toStartWith("FailedPrecondition");
      await agent.process().closeStdin({ process: byPid(pid) });
      expect((await rest).exitCode).toBe(0);
      const plain = await begin(agent.process(), { process: { cmd: "cat" } });
      expect(await codeOf(agent.process().update({ process: byPid(plain.pid), pty }))).toStartWith(
        "FailedPrecondition",
      );
      await agent.process().closeStdin({ process: byPid(plain.pid) });
      await plain.rest;
    });
  });

  test("2,000 short commands leave no descriptor, zombie or listed process behind", async () => {
    const count = async (): Promise<number> =>
      Number((await shell(agent.process("root"), "ls /proc/$(cat /run/agent.pid)/fd | wc -l")).stdout);
    const before = await count();
    const client = agent.process();
    const lane = async (): Promise<void> => {
      for (let done = 0; done < 250; done += 1) await shell(client, "echo x");
    };
    await Promise.all(Array.from({ length: 8 }, lane));
    await until("descriptors are back", async () => (await count()) <= before + 4);
    expect((await client.list({})).processes).toEqual([]);
    const zombies = async (): Promise<string> =>
      (await shell(agent.process("root"), "ps -eo stat= | grep -c Z")).stdout.trim();
    await until("nothing is left to reap", async () => (await zombies()) === "0");
  }, 60_000);
});
