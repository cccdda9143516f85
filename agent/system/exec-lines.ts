/** Runs a long tool and hands its output on line by line while it works, for progress. */
import { cleanEnvironment, CommandFailed } from "./exec.ts";

const KEPT_LINES = 20;

export interface RunLinesOptions {
  timeoutMs: number;
  cwd?: string;
  environment?: Record<string, string>;
  onLine?: (line: string) => void;
}

const eachLine = async (
  stream: ReadableStream<Uint8Array>,
  onLine: (line: string) => void,
): Promise<void> => {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop()?.slice(-10_000) ?? "";
    for (const line of lines) onLine(line.trimEnd());
  }
  if (rest !== "") onLine(rest);
};

/** Standard output and error both count as lines. Throws `CommandFailed` with the last of them. */
export const runLines = async (argv: string[], options: RunLinesOptions): Promise<void> => {
  const { timeoutMs, cwd, environment, onLine } = options;
  const command = argv.slice(0, 4).join(" ");
  const [tool] = argv;
  if (tool === undefined || Bun.which(tool) === null) {
    throw new CommandFailed(command, null, "", "the tool is not installed");
  }
  const child = Bun.spawn(argv, {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    cwd,
    env: cleanEnvironment(environment),
    timeout: timeoutMs,
    killSignal: "SIGKILL",
  });
  const last: string[] = [];
  const take = (line: string) => {
    last.push(line);
    if (last.length > KEPT_LINES) last.shift();
    onLine?.(line);
  };
  await Promise.all([eachLine(child.stdout, take), eachLine(child.stderr, take), child.exited]);
  if (child.exitCode === 0) return;
  const reason = child.signalCode === null ? `exit code ${child.exitCode}` : `ended by ${child.signalCode}`;
  throw new CommandFailed(command, child.exitCode, last.join("\n").slice(-2_000), reason);
};
