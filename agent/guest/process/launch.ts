/** Starts one command: own session and process group, the user's rights, pipes or a terminal. */
import { closeSync } from "node:fs";

import { Code, ConnectError } from "@connectrpc/connect";

import { errnoOf } from "../errors.ts";
import { spawningAs } from "../system/credentials.ts";
import type { OomScore } from "../system/oom.ts";
import { openPipe, type Pipe } from "../system/pipe.ts";
import type { User } from "../users.ts";

export interface Launch {
  /** Absolute path of the program, and the name it is called by. */
  program: string;
  command: string;
  args: string[];
  environment: Record<string, string>;
  cwd: string;
  user: User;
}

export interface Ended {
  exitCode: number | null;
  signal: string | null;
}

export interface Child {
  pid: number;
  exited: Promise<Ended>;
}

export interface PipedChild extends Child {
  stdoutFd: number;
  stderrFd: number;
  /** Null when started without stdin. */
  stdinFd: number | null;
}

export interface TerminalChild extends Child {
  terminal: Bun.Terminal;
  /** Resolves when the terminal has given its last byte. */
  drained: Promise<void>;
}

const OUT_OF_ROOM = new Set(["EAGAIN", "ENOMEM", "EMFILE", "ENFILE"]);

const startError = (error: unknown, { command }: Launch): ConnectError => {
  const code = errnoOf(error);
  const [connectCode, reason] =
    code !== null && OUT_OF_ROOM.has(code)
      ? [Code.ResourceExhausted, "no room for another process"]
      : code === "EACCES"
        ? [Code.InvalidArgument, "permission denied"]
        : [Code.InvalidArgument, code === null ? "it cannot be executed" : `it cannot be executed (${code})`];
  return new ConnectError(`error starting process '${command}': ${reason}`, connectCode, {}, [], error);
};

const endOf = (child: Bun.Subprocess): Promise<Ended> =>
  child.exited.then(() => ({
    exitCode: child.exitCode,
    signal: child.signalCode === null ? null : String(child.signalCode),
  }));

const spawn = (
  launch: Launch,
  oomScore: OomScore,
  streams: (() => { stdio: [number | "ignore", number, number] }) | { terminal: Bun.TerminalOptions },
): Bun.Subprocess =>
  oomScore.whileOrdinary(() =>
    spawningAs(launch.user, (uid) =>
      Bun.spawn([launch.program, ...launch.args], {
        argv0: launch.command,
        cwd: launch.cwd,
        env: launch.environment,
        detached: true,
        ...(uid === undefined ? {} : { uid }),
        ...(typeof streams === "function" ? streams() : streams),
      }),
    ),
  );

/** Throws a Connect error when the program cannot be started; nothing stays open then. */
export const launchPiped = (launch: Launch, options: { stdin: boolean; oomScore: OomScore }): PipedChild => {
  const pipes: Pipe[] = [];
  /** Made with the user's rights, so that the user may open /dev/stdout anew. */
  const newPipe = (): Pipe => {
    const pipe = openPipe();
    pipes.push(pipe);
    return pipe;
  };
  try {
    const child = spawn(launch, options.oomScore, () => {
      const [stdout, stderr] = [newPipe(), newPipe()];
      return { stdio: [options.stdin ? newPipe().readFd : "ignore", stdout.writeFd, stderr.writeFd] };
    });
    const [stdout, stderr, stdin] = pipes;
    if (stdout === undefined || stderr === undefined) throw new Error("spawn made no pipes");
    closeSync(stdout.writeFd);
    closeSync(stderr.writeFd);
    if (stdin !== undefined) closeSync(stdin.readFd);
    return {
      pid: child.pid,
      exited: endOf(child),
      stdoutFd: stdout.readFd,
      stderrFd: stderr.readFd,
      stdinFd: stdin?.writeFd ?? null,
    };
  } catch (error) {
    for (const { readFd, writeFd } of pipes) {
      closeSync(readFd);
      closeSync(writeFd);
    }
    throw startError(error, launch);
  }
};

/** Throws a Connect error when the program cannot be started. */
export const launchInTerminal = (
  launch: Launch,
  options: { cols: number; rows: number; onData: (bytes: Uint8Array) => void; oomScore: OomScore },
): TerminalChild => {
  const drained = Promise.withResolvers<void>();
  try {
    const child = spawn(launch, options.oomScore, {
      terminal: {
        cols: options.cols,
        rows: options.rows,
        data: (_terminal, bytes) => options.onData(bytes),
        exit: () => drained.resolve(),
      },
    });
    const { terminal } = child;
    if (terminal === undefined) throw new Error("spawn made no terminal");
    return { pid: child.pid, exited: endOf(child), terminal, drained: drained.promise };
  } catch (error) {
    throw startError(error, launch);
  }
};
