/** One process in a sandbox, started and followed through the guest agent. */
import type { Client } from "@connectrpc/connect";
import { Code, ConnectError } from "@connectrpc/connect";

import {
  type Process,
  type ProcessEvent,
  type ProcessEvent_EndEvent as EndEvent,
  Signal,
} from "../../proto/gen/process/process_pb.ts";
import { HANGUP_HEADER, REPLAY_HEADER } from "../../proto/guest-headers.ts";
import type { GuestDoor, GuestTarget } from "./guest-door.ts";

export interface ProcessSpec {
  cmd: string;
  args: string[];
  envs: Record<string, string>;
  cwd: string | null;
  /** Whether anything will be written to it; else it reads end-of-file at once. */
  stdin: boolean;
  tag: string | null;
  /** A terminal instead of pipes; hung up this long after its last viewer left. */
  pty: { cols: number; rows: number; hangupSec: number } | null;
}

export type Output = { stream: "stdout" | "stderr" | "pty"; data: Uint8Array };

/** How a process ended. */
export interface Exit {
  /** -1 when a signal ended it. */
  exitCode: number;
  /** As `SIGKILL`; null when it exited by itself. */
  signal: string | null;
}

/** How long the guest may take to start a process. */
const START_MS = 30_000;
/** How long a unary call may take. */
const CALL_MS = 10_000;
/** Bytes of one message of input. */
const INPUT_CHUNK = 256 * 1024;
/** How long a process may leave a piece of its input unread, in ms. */
const INPUT_MS = 24 * 60 * 60 * 1000;

/** Go's names of signals, which the guest's status uses, where they are not the signal's own. */
const SIGNALS: Record<string, string> = {
  killed: "SIGKILL",
  terminated: "SIGTERM",
  interrupt: "SIGINT",
  hangup: "SIGHUP",
  quit: "SIGQUIT",
  aborted: "SIGABRT",
  "segmentation fault": "SIGSEGV",
  "broken pipe": "SIGPIPE",
  "alarm clock": "SIGALRM",
};

/** Reads `exit status 3` or `signal: killed`. */
export const readExit = ({
  exitCode,
  exited,
  status,
}: Pick<EndEvent, "exitCode" | "exited" | "status">): Exit => {
  if (exited) return { exitCode, signal: null };
  const name = /^signal: (.+)$/.exec(status)?.[1] ?? "";
  return { exitCode, signal: SIGNALS[name] ?? (name.toUpperCase() || "SIGKILL") };
};

export class GuestProcess {
  private constructor(
    private readonly client: Client<typeof Process>,
    readonly pid: number,
    private readonly events: AsyncIterator<{ event?: ProcessEvent }>,
    private readonly stream: AbortController,
  ) {}

  /** Resolves when it runs. Rejects with a ConnectError. */
  static start(door: GuestDoor, target: GuestTarget, spec: ProcessSpec): Promise<GuestProcess> {
    const { cmd, args, envs, cwd, stdin, tag, pty } = spec;
    const request = {
      process: { cmd, args, envs, cwd: cwd ?? undefined },
      stdin,
      tag: tag ?? undefined,
      pty: pty === null ? undefined : { size: { cols: pty.cols, rows: pty.rows } },
    };
    const headers = pty === null ? undefined : { [HANGUP_HEADER]: String(pty.hangupSec) };
    return GuestProcess.#follow(door.process(target), (client, signal) =>
      client.start(request, { signal, headers }),
    );
  }

  /** Follows one that runs, or ended a moment ago, by its tag: its last output is told again. */
  static connect(door: GuestDoor, target: GuestTarget, tag: string): Promise<GuestProcess> {
    const process = { selector: { case: "tag" as const, value: tag } };
    const headers = { [REPLAY_HEADER]: "true" };
    return GuestProcess.#follow(door.process(target), (client, signal) =>
      client.connect({ process }, { signal, headers }),
    );
  }

  static async #follow(
    client: Client<typeof Process>,
    open: (client: Client<typeof Process>, signal: AbortSignal) => AsyncIterable<{ event?: ProcessEvent }>,
  ): Promise<GuestProcess> {
    const stream = new AbortController();
    const late = new ConnectError("the process did not start in time", Code.DeadlineExceeded);
    const deadline = setTimeout(() => stream.abort(late), START_MS);
    try {
      const events = open(client, stream.signal)[Symbol.asyncIterator]();
      const first = await events.next();
      const event = first.done ? undefined : first.value.event?.event;
      if (event?.case !== "start") {
        throw new ConnectError("the guest agent did not say which process it is", Code.Internal);
      }
      return new GuestProcess(client, event.value.pid, events, stream);
    } catch (error) {
      stream.abort();
      throw error;
    } finally {
      clearTimeout(deadline);
    }
  }

  /**
   * Its output in order; returns how it ended. Slow readers slow the process down, nothing is lost.
   * Rejects with a ConnectError when the sandbox stops or its host goes away.
   */
  async *output(): AsyncGenerator<Output, Exit> {
    for (;;) {
      const next = await this.events.next();
      if (next.done) throw new ConnectError("the stream broke before the process ended", Code.Unknown);
      const event = next.value.event?.event;
      if (event?.case === "end") return readExit(event.value);
      if (event?.case !== "data") continue;
      const { case: stream, value: data } = event.value.output;
      if (stream !== undefined) yield { stream, data };
    }
  }

  /** To the whole process group; a process that is gone already is fine. */
  async signal(signal: Signal): Promise<void> {
    try {
      await this.client.sendSignal({ process: this.#selector, signal }, { timeoutMs: CALL_MS });
    } catch (error) {
      if (ConnectError.from(error).code !== Code.NotFound) throw error;
    }
  }

  /** Resolves when the guest took all of it. */
  async write(data: Uint8Array, to: "stdin" | "pty" = "stdin"): Promise<void> {
    for (let offset = 0; offset < data.byteLength || offset === 0; offset += INPUT_CHUNK) {
      const value = data.subarray(offset, offset + INPUT_CHUNK);
      const input = { input: { case: to, value } };
      await this.client.sendInput({ process: this.#selector, input }, { timeoutMs: INPUT_MS });
    }
  }

  async closeStdin(): Promise<void> {
    await this.client.closeStdin({ process: this.#selector }, { timeoutMs: CALL_MS });
  }

  async resize(size: { cols: number; rows: number }): Promise<void> {
    await this.client.update({ process: this.#selector, pty: { size } }, { timeoutMs: CALL_MS });
  }

  /** Stops following; the process goes on. */
  detach(): void {
    this.stream.abort();
  }

  get #selector() {
    return { selector: { case: "pid" as const, value: this.pid } };
  }
}
