/** Runs the system tools the agent builds on (ip, nft, qemu-img, losetup, …), each with a deadline. */

/** Environment of everything the agent spawns: `BUN_*` would turn or steer any copy of this executable. */
export const cleanEnvironment = (extra: Record<string, string> = {}): Record<string, string> => {
  const kept: Record<string, string> = {};
  for (const [key, value] of Object.entries(process.env)) {
    if (value !== undefined && !key.startsWith("BUN_")) kept[key] = value;
  }
  return { ...kept, LC_ALL: "C", ...extra };
};

/** A tool that is missing, failed or did not end in time. The message names the tool and its last words. */
export class CommandFailed extends Error {
  override name = "CommandFailed";
  constructor(
    readonly command: string,
    readonly exitCode: number | null,
    readonly stderr: string,
    reason: string,
  ) {
    super(`${command}: ${reason}${stderr === "" ? "" : `: ${stderr}`}`);
  }
}

export interface RunOptions {
  /** @default {30_000} */
  timeoutMs?: number;
  /** Written to the tool's standard input. */
  input?: string;
  environment?: Record<string, string>;
  /** Kills the tool. */
  signal?: AbortSignal;
}

/** Runs `argv` without a shell and returns what it printed. Throws `CommandFailed`, or why `signal` aborted. */
export const run = async (argv: string[], options: RunOptions = {}): Promise<string> => {
  const { timeoutMs = 30_000, input, environment, signal } = options;
  signal?.throwIfAborted();
  const command = argv.slice(0, 4).join(" ");
  const [tool] = argv;
  if (tool === undefined || Bun.which(tool) === null) {
    throw new CommandFailed(command, null, "", "the tool is not installed");
  }
  const child = Bun.spawn(argv, {
    stdin: input === undefined ? "ignore" : Buffer.from(input),
    stdout: "pipe",
    stderr: "pipe",
    env: cleanEnvironment(environment),
    timeout: timeoutMs,
    killSignal: "SIGKILL",
    ...(signal === undefined ? {} : { signal }),
  });
  const [stdout, stderr, exitCode] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  if (exitCode === 0) return stdout;
  signal?.throwIfAborted();
  const reason =
    child.signalCode === "SIGKILL" ? `ended by a kill (deadline ${timeoutMs} ms)` : `exit code ${exitCode}`;
  throw new CommandFailed(command, exitCode, stderr.trim().slice(-2_000), reason);
};
