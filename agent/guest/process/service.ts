/** `process.Process`: commands and terminals. Thin: decode, act, encode. */
import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, type HandlerContext, type ServiceImpl } from "@connectrpc/connect";

import {
  type Process,
  ProcessConfigSchema,
  type ProcessInput as InputMessage,
  Signal,
  type StartRequest,
  type StreamInputRequest,
} from "../../../proto/gen/process/process_pb.ts";
import { REPLAY_HEADER } from "../../../proto/guest-headers.ts";
import { resolvePath } from "../paths.ts";
import type { SandboxSettings } from "../settings.ts";
import { OomScore } from "../system/oom.ts";
import type { User } from "../users.ts";
import { composeEnvironment } from "./environment.ts";
import { follow, keepaliveMs } from "./events.ts";
import { hangupAfterMs, hangUpWhenUnwatched } from "./hangup.ts";
import { checkWorkingDirectory, defaultWorkingDirectory, findProgram } from "./program.ts";
import { type RunningProcess, signalGroup, startProcess, type TerminalSize } from "./running.ts";
import { ProcessTable } from "./table.ts";

/** The kernel keeps 16 bits of each. */
const MAX_TERMINAL_SIDE = 0xffff;
/** Longest delay a timer keeps; a longer deadline is none. */
const MAX_TIMER_MS = 0x7fff_ffff;

const terminalSize = (size: { cols: number; rows: number } | undefined): TerminalSize => ({
  cols: Math.min(size?.cols || 80, MAX_TERMINAL_SIDE),
  rows: Math.min(size?.rows || 24, MAX_TERMINAL_SIDE),
});

const hasNul = (text: string): boolean => text.includes("\0");

const isValidName = (name: string): boolean => name !== "" && !name.includes("=") && !hasNul(name);

const checkText = (request: StartRequest): void => {
  const { args = [], envs = {} } = request.process ?? {};
  if (args.some(hasNul)) throw new ConnectError("args must not contain NUL", Code.InvalidArgument);
  for (const [name, value] of Object.entries(envs)) {
    if (!isValidName(name) || hasNul(value)) {
      throw new ConnectError(`'${name}' is not a valid environment variable`, Code.InvalidArgument);
    }
  }
};

const sendInput = async (process: RunningProcess, input: InputMessage | undefined): Promise<void> => {
  const { case: channel, value } = input?.input ?? { case: undefined };
  if (channel === undefined) return;
  if ((channel === "pty") !== process.hasTerminal) {
    const reason = process.hasTerminal
      ? "the process has a terminal: send pty"
      : "the process has no terminal: send stdin";
    throw new ConnectError(reason, Code.FailedPrecondition);
  }
  await process.input.write(value);
};

export class ProcessService {
  readonly #table = new ProcessTable();
  readonly #oomScore = new OomScore();

  constructor(private readonly settings: SandboxSettings) {
    this.#oomScore.protect();
  }

  /** The handlers, for the router. */
  readonly handlers: ServiceImpl<typeof Process> = {
    list: () => ({
      processes: this.#table.list().map(({ config, pid, tag }) => ({ config, pid, tag })),
    }),
    start: (request, context) => this.#start(request, context),
    connect: (request, { requestHeader, signal }) => {
      const replay = requestHeader.get(REPLAY_HEADER) === "true";
      const process = this.#table.recent(request.process, { replay });
      return this.#watch(process, { headers: requestHeader, client: signal, replay });
    },
    update: ({ process, pty }) => {
      const found = this.#table.running(process);
      if (pty?.size !== undefined) found.resize(terminalSize(pty.size));
      return {};
    },
    sendInput: async ({ process, input }) => {
      await sendInput(this.#table.running(process), input);
      return {};
    },
    streamInput: (requests) => this.#streamInput(requests),
    closeStdin: async ({ process }) => {
      await this.#table.running(process).input.close();
      return {};
    },
    sendSignal: ({ process, signal }) => {
      const { pid } = this.#table.running(process);
      if (signal === Signal.UNSPECIFIED || Signal[signal] === undefined) {
        throw new ConnectError("signal must be SIGNAL_SIGTERM or SIGNAL_SIGKILL", Code.InvalidArgument);
      }
      signalGroup(pid, signal === Signal.SIGKILL ? "SIGKILL" : "SIGTERM");
      return {};
    },
  };

  #launch(request: StartRequest, headers: Headers): RunningProcess {
    checkText(request);
    const user = this.settings.users.ofRequest(headers);
    const config = request.process ?? create(ProcessConfigSchema);
    const environment = composeEnvironment({
      user,
      sandbox: this.settings.environment,
      request: config.envs,
      terminal: request.pty !== undefined,
    });
    const cwd = this.#workingDirectory(config.cwd, user);
    const program = findProgram({ command: config.cmd, path: environment["PATH"] ?? "", cwd, user });
    return startProcess({
      launch: { program, command: config.cmd, args: config.args, environment, cwd, user },
      config,
      tag: request.tag,
      terminal: request.pty === undefined ? null : terminalSize(request.pty.size),
      stdin: request.stdin ?? true,
      oomScore: this.#oomScore,
    });
  }

  #workingDirectory(asked: string | undefined, user: User): string {
    const { workdir } = this.settings;
    if (!asked) return defaultWorkingDirectory(user, workdir);
    const cwd = resolvePath(asked, { user, workdir });
    checkWorkingDirectory(cwd, user);
    return cwd;
  }

  #start(
    request: StartRequest,
    { requestHeader, signal, timeoutMs }: HandlerContext,
  ): ReturnType<typeof follow> {
    const process = this.#launch(request, requestHeader);
    this.#table.add(process);
    this.#killAtDeadline(process, timeoutMs());
    const hangupMs = hangupAfterMs(requestHeader);
    if (process.hasTerminal && hangupMs !== null) hangUpWhenUnwatched(process, hangupMs);
    return this.#watch(process, { headers: requestHeader, client: signal, replay: false });
  }

  /** Attached at once, before anything more is read: the first byte must not be missed. */
  #watch(
    process: RunningProcess,
    { headers, client, replay }: { headers: Headers; client: AbortSignal; replay: boolean },
  ): ReturnType<typeof follow> {
    const stream = this.settings.streams.open(client);
    const options = { keepaliveMs: keepaliveMs(headers), replay, signal: stream.signal };
    return follow(process, process.output.attach(options), stream);
  }

  /** The deadline is the process's, not the stream's: it holds after the client has left too. */
  #killAtDeadline(process: RunningProcess, leftMs: number | undefined): void {
    if (leftMs === undefined || leftMs > MAX_TIMER_MS) return;
    const timer = setTimeout(() => signalGroup(process.pid, "SIGKILL"), Math.max(0, leftMs));
    void process.ended.then(() => clearTimeout(timer));
  }

  async #streamInput(requests: AsyncIterable<StreamInputRequest>): Promise<Record<string, never>> {
    let process: RunningProcess | null = null;
    for await (const { event } of requests) {
      if (event.case === "start") {
        process = this.#table.running(event.value.process);
      } else if (event.case === "data") {
        if (process === null) throw new ConnectError("the first message must be start", Code.InvalidArgument);
        await sendInput(process, event.value.input);
      }
    }
    return {};
  }
}
