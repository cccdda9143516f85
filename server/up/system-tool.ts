/** Runs a system tool to its end; what it complained of becomes the failure's message. */
import { CommandFailure } from "./failure.ts";

const TIMEOUT_MS = 30_000;

/** Standard output. Throws `CommandFailure` (`tool_failed`) when the tool does. */
export const runTool = async (
  argv: string[],
  { input = "", timeoutMs = TIMEOUT_MS }: { input?: string; timeoutMs?: number } = {},
): Promise<string> => {
  const child = Bun.spawn(argv, {
    stdin: Buffer.from(input),
    stdout: "pipe",
    stderr: "pipe",
    timeout: timeoutMs,
  });
  const [stdout, stderr, exitCode] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  if (exitCode === 0) return stdout;
  throw new CommandFailure("tool_failed", `${argv.join(" ")} failed: ${`${stdout}${stderr}`.trim()}`);
};
