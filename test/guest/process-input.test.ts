/** What commands in a real guest agent are sent: input, signals, deadlines. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";

import type { MessageInitShape } from "@bufbuild/protobuf";

import { Signal, type StreamInputRequestSchema } from "../../proto/gen/process/process_pb.ts";
import { begin, byPid, byTag, bytes, codeOf, gather, shell, until } from "./commands.ts";
import { canRunGuestAgent, type GuestAgent, startGuestAgent, USER } from "./guest-agent.ts";

describe.skipIf(!canRunGuestAgent)("what processes are sent", () => {
  let agent: GuestAgent;
  beforeAll(async () => {
    agent = await startGuestAgent();
  });
  afterAll(() => agent?.stop());

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
      // Once more is no error, unless it has ended already.
      expect(await codeOf(client.closeStdin({ process: byPid(pid) }))).toMatch(/^(no error|NotFound)/);
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
      await agent.process().closeStdin({ process: byPid(pid) });
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

    test("the stream's end says that the deadline passed; Connect's deadline is the viewer's alone", async () => {
      const late = { headers: { "connect-timeout-ms": "200" } };
      const client = agent.process();
      const command = { process: { cmd: "sleep", args: ["20"] } };
      expect(await codeOf(gather(client.start(command, late)))).toStartWith("DeadlineExceeded");
      const { pid, rest } = await begin(client, command);
      const watching = gather(client.connect({ process: byPid(pid) }, late));
      expect(await codeOf(watching)).toStartWith("DeadlineExceeded");
      expect((await client.list({})).processes.map((process) => process.pid)).toContain(pid);
      await client.sendSignal({ process: byPid(pid), signal: Signal.SIGKILL });
      expect((await rest).status).toBe("signal: killed");
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
});
