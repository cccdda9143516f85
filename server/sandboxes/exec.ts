/**
 * One command in a sandbox, from start to exit. A foreground command ends with its caller: when the client
 * leaves or its time is up, the whole process group is killed.
 */
import { Signal } from "../../proto/gen/process/process_pb.ts";
import type { TeamCaller } from "../auth/context.ts";
import { unavailable } from "../errors.ts";
import type { GuestDoor, GuestTarget } from "../traffic/guest-door.ts";
import { guestError } from "../traffic/guest-errors.ts";
import { type Exit, GuestProcess, type ProcessSpec } from "../traffic/guest-process.ts";
import { CappedOutput } from "./capped-output.ts";
import type { SandboxContext } from "./context.ts";
import { requireSandbox, requireStatus } from "./host-calls.ts";

export interface ExecDeps {
  sandboxes: SandboxContext;
  guests: GuestDoor;
}

export interface ExecRequest {
  cmd: string;
  /** Null: `cmd` is a line for the shell. */
  args: string[] | null;
  envs: Record<string, string>;
  /** Null: the user's home. */
  cwd: string | null;
  user: string | null;
  /** 0 = none. */
  timeoutSec: number;
  stdin: string | null;
}

export interface ExecResult {
  pid: number;
  stdout: CappedOutput;
  stderr: CappedOutput;
  exit: Exit;
  durationMs: number;
  /** Killed because its time was up. */
  timedOut: boolean;
}

/** How long a killed process may take to be gone, in ms. */
const KILL_MS = 10_000;

/** Where commands in this sandbox go; it must be running. */
export const guestOf = async (
  context: Pick<SandboxContext, "sql">,
  { teamId }: Pick<TeamCaller, "teamId">,
  { id, user }: { id: string; user: string | null },
): Promise<GuestTarget> => {
  const sandbox = await requireSandbox(context, { id, teamId });
  return { endpoint: requireStatus(sandbox, ["running"]), sandboxId: id, user };
};

type Command = Pick<ExecRequest, "cmd" | "args" | "envs" | "cwd">;

/** Without arguments the command is a line for the shell, as people write it. */
export const toProcess = ({ cmd, args, envs, cwd }: Command): Omit<ProcessSpec, "stdin"> => ({
  cmd: args === null ? "/bin/sh" : cmd,
  args: args ?? ["-c", cmd],
  envs,
  cwd,
  tag: null,
  pty: null,
});

/** Ends the process group for good; when even that gets no answer, stops following it. */
export const killGroup = async (process: GuestProcess): Promise<void> => {
  const giveUp = setTimeout(() => process.detach(), KILL_MS);
  giveUp.unref();
  await process.signal(Signal.SIGKILL).catch(() => process.detach());
};

/** A process that no longer reads is no reason to fail the command. */
const feed = async (process: GuestProcess, stdin: string): Promise<void> => {
  try {
    await process.write(Buffer.from(stdin));
    await process.closeStdin();
  } catch {
    // It ended, or its host went away; the output's end tells which.
  }
};

/** Resolves when the command has ended. */
const follow = async (
  process: GuestProcess,
  { stdin, timeoutSec, left }: { stdin: string | null; timeoutSec: number; left: AbortSignal },
): Promise<Omit<ExecResult, "pid" | "durationMs">> => {
  const stdout = new CappedOutput();
  const stderr = new CappedOutput();
  let timedOut = false;
  const kill = () => void killGroup(process);
  const late = () => {
    timedOut = true;
    kill();
  };
  const timer = timeoutSec > 0 ? setTimeout(late, timeoutSec * 1000) : undefined;
  left.addEventListener("abort", kill, { once: true });
  if (left.aborted) kill();
  if (stdin !== null) void feed(process, stdin);
  try {
    const output = process.output();
    for (;;) {
      const next = await output.next();
      if (next.done) return { stdout, stderr, exit: next.value, timedOut };
      (next.value.stream === "stderr" ? stderr : stdout).add(next.value.data);
    }
  } finally {
    clearTimeout(timer);
    left.removeEventListener("abort", kill);
  }
};

/**
 * @param left aborts when the client is gone.
 * @throws ApiError 404, 409, 503, 504 of the sandbox; 400 for a working directory or user that is not there.
 */
export const execInSandbox = async (
  { sandboxes, guests }: ExecDeps,
  caller: Pick<TeamCaller, "teamId">,
  { id, request, left }: { id: string; request: ExecRequest; left: AbortSignal },
): Promise<ExecResult> => {
  const startedMs = performance.now();
  const { user, stdin, timeoutSec } = request;
  const target = await guestOf(sandboxes, caller, { id, user });
  try {
    const spec = { ...toProcess(request), stdin: stdin !== null };
    const process = await GuestProcess.start(guests, target, spec);
    const ended = await follow(process, { stdin, timeoutSec, left });
    return { ...ended, pid: process.pid, durationMs: performance.now() - startedMs };
  } catch (thrown) {
    if (left.aborted) throw unavailable("client_left", "The client left before the command ended.");
    throw guestError(thrown, "process");
  }
};

/** Starts it and leaves it running, be its input read or not; its pid. */
export const startInBackground = async (
  { sandboxes, guests }: ExecDeps,
  caller: Pick<TeamCaller, "teamId">,
  { id, request }: { id: string; request: ExecRequest },
): Promise<number> => {
  const { user, stdin } = request;
  const target = await guestOf(sandboxes, caller, { id, user });
  try {
    const spec = { ...toProcess(request), stdin: stdin !== null };
    const process = await GuestProcess.start(guests, target, spec);
    if (stdin !== null) void feed(process, stdin);
    process.detach();
    return process.pid;
  } catch (thrown) {
    throw guestError(thrown, "process");
  }
};
