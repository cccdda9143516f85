import { expect, test } from "bun:test";

import { runLines } from "./exec-lines.ts";
import { CommandFailed } from "./exec.ts";

test("lines arrive whole and in order, the last one also without an end", async () => {
  const lines: string[] = [];
  const script = "printf 'one\\ntw'; printf 'o\\n'; printf three";
  await runLines(["sh", "-c", script], { timeoutMs: 10_000, onLine: (line) => lines.push(line) });
  expect(lines).toEqual(["one", "two", "three"]);
});

test("a failure carries the last words, a deadline ends the tool", async () => {
  const failed = await runLines(["sh", "-c", "echo the reason >&2; exit 3"], { timeoutMs: 10_000 }).catch(
    (error: unknown) => error,
  );
  expect(failed).toBeInstanceOf(CommandFailed);
  expect(failed).toMatchObject({ exitCode: 3, stderr: "the reason" });
  const late = await runLines(["sleep", "60"], { timeoutMs: 100 }).catch((error: unknown) => error);
  expect(late).toMatchObject({ message: expect.stringContaining("SIGKILL") });
  const absent = await runLines(["no-such-tool"], { timeoutMs: 100 }).catch((error: unknown) => error);
  expect(absent).toMatchObject({ message: expect.stringContaining("not installed") });
});
