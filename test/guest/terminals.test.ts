/** Terminals inside a real guest agent. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";

import { Signal } from "../../proto/gen/process/process_pb.ts";
import { begin, byPid, byTag, bytes, codeOf, gather, shell, until } from "./commands.ts";
import { canRunGuestAgent, type GuestAgent, startGuestAgent, USER } from "./guest-agent.ts";

describe.skipIf(!canRunGuestAgent)("terminals in a guest agent", () => {
  let agent: GuestAgent;
  beforeAll(async () => {
    agent = await startGuestAgent();
  });
  afterAll(() => agent?.stop());

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
});
