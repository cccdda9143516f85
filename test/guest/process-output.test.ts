/** Who sees the output of commands in a real guest agent: all of it, in order, whoever is slow or late. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";

import { begin, byPid, byTag, bytes, gather, shell, until } from "./commands.ts";
import { canRunGuestAgent, type GuestAgent, startGuestAgent, USER } from "./guest-agent.ts";

describe.skipIf(!canRunGuestAgent)("output of processes", () => {
  let agent: GuestAgent;
  beforeAll(async () => {
    agent = await startGuestAgent();
  });
  afterAll(() => agent?.stop());

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

    test("50 idle streams stay open, each with its signs of life, and each still works", async () => {
      const client = agent.process(USER.name, { "keepalive-ping-interval": "0.1" });
      const idle = await Promise.all(
        Array.from({ length: 50 }, () => begin(client, { process: { cmd: "cat" } })),
      );
      await Bun.sleep(2_000);
      const { processes } = await client.list({});
      expect(processes.length).toBeGreaterThanOrEqual(50);
      for (const { pid } of idle) {
        const input = { case: "stdin" as const, value: bytes(`${pid}`) };
        await client.sendInput({ process: byPid(pid), input: { input } });
        await client.closeStdin({ process: byPid(pid) });
      }
      for (const { pid, rest } of idle) {
        const { stdout, keepalives, exitCode } = await rest;
        expect([stdout, exitCode]).toEqual([`${pid}`, 0]);
        expect(keepalives).toBeGreaterThanOrEqual(5);
      }
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
});
