/** One started command, from its spawn to the moment its end has been told. */
import { Code, ConnectError } from "@connectrpc/connect";

import type { ProcessConfig } from "../../../proto/gen/process/process_pb.ts";
import { errnoOf } from "../errors.ts";
import type { OomScore } from "../system/oom.ts";
import { holdTerminal, terminalOf } from "../system/terminal.ts";
import { NO_INPUT, PipeInput, type ProcessInput } from "./input.ts";
import { type Launch, launchInTerminal, launchPiped } from "./launch.ts";
import { ProcessOutput } from "./output.ts";
import { PipePump } from "./pump.ts";
import { describeEnd, type ProcessEnd } from "./status.ts";

export interface TerminalSize {
  cols: number;
  rows: number;
}

/** How long a terminal may stay silent after its process ended before it is closed. */
const TERMINAL_DRAIN_MS = 1_000;

export interface StartOptions {
  launch: Launch;
  config: ProcessConfig;
  tag: string | undefined;
  /** Null: pipes. */
  terminal: TerminalSize | null;
  stdin: boolean;
  oomScore: OomScore;
}

export interface RunningProcess {
  readonly pid: number;
  readonly config: ProcessConfig;
  readonly tag: string | undefined;
  readonly output: ProcessOutput;
  readonly input: ProcessInput;
  readonly hasTerminal: boolean;
  /** Resolves after all output has been handed to the viewers. Never rejects. */
  readonly ended: Promise<ProcessEnd>;
  /** Throws failed_precondition for a process without a terminal. */
  resize(size: TerminalSize): void;
}

/** Signals the whole process group; false when nothing of it is left. */
export const signalGroup = (pid: number, signal: "SIGTERM" | "SIGKILL" | "SIGHUP"): boolean => {
  try {
    process.kill(-pid, signal);
    return true;
  } catch (error) {
    if (errnoOf(error) === "ESRCH") return false;
    throw error;
  }
};

const after = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const startPiped = ({ launch, config, tag, stdin, oomScore }: StartOptions): RunningProcess => {
  const child = launchPiped(launch, { stdin, oomScore });
  const output = new ProcessOutput();
  const input = child.stdinFd === null ? NO_INPUT : new PipeInput(child.stdinFd);
  const pumps = [
    new PipePump(child.stdoutFd, "stdout", output).run(child.exited),
    new PipePump(child.stderrFd, "stderr", output).run(child.exited),
  ];
  const finish = async (): Promise<ProcessEnd> => {
    const { exitCode, signal } = await child.exited;
    input.release();
    await Promise.all(pumps);
    const end = describeEnd(exitCode, signal);
    output.finish(end);
    return end;
  };
  const resize = (): never => {
    throw new ConnectError("the process has no terminal", Code.FailedPrecondition);
  };
  return { pid: child.pid, config, tag, output, input, hasTerminal: false, ended: finish(), resize };
};

/** Typing into a terminal: closing means end of input (Ctrl-D), the terminal itself stays. */
const terminalInput = (terminal: Bun.Terminal): ProcessInput => ({
  write: async (bytes) => {
    if (bytes.byteLength > 0) terminal.write(bytes);
  },
  close: async () => {
    terminal.write("\x04");
  },
  release: () => terminal.close(),
});

const startInTerminal = (
  { launch, config, tag, oomScore }: StartOptions,
  size: TerminalSize,
): RunningProcess => {
  const output = new ProcessOutput();
  let terminalPath: string | null = null;
  let held = false;
  const child = launchInTerminal(launch, {
    ...size,
    oomScore,
    onData: (bytes) => {
      output.push({ channel: "pty", bytes: bytes.slice() });
      if (!held && !output.hasRoom && terminalPath !== null) {
        held = true;
        holdTerminal(terminalPath, true);
      }
    },
  });
  terminalPath = terminalOf(child.pid);
  output.onRoom = () => {
    if (!held || terminalPath === null) return;
    held = false;
    holdTerminal(terminalPath, false);
  };
  const input = terminalInput(child.terminal);
  const finish = async (): Promise<ProcessEnd> => {
    const { exitCode, signal } = await child.exited;
    await Promise.race([child.drained, after(TERMINAL_DRAIN_MS)]);
    input.release();
    const end = describeEnd(exitCode, signal);
    output.finish(end);
    return end;
  };
  const resize = ({ cols, rows }: TerminalSize): void => child.terminal.resize(cols, rows);
  return { pid: child.pid, config, tag, output, input, hasTerminal: true, ended: finish(), resize };
};

/** Throws a Connect error when the command cannot be started. */
export const startProcess = (options: StartOptions): RunningProcess =>
  options.terminal === null ? startPiped(options) : startInTerminal(options, options.terminal);
