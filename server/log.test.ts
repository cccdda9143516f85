import { expect, test } from "bun:test";

import { createLog } from "./log.ts";

const write = (work: (log: ReturnType<typeof createLog>) => void): Record<string, unknown>[] => {
  const lines: string[] = [];
  work(createLog((line) => void lines.push(line)));
  for (const line of lines) expect(line).toMatch(/^[^\n]*\n$/);
  return lines.map((line) => JSON.parse(line));
};

test("one line of JSON each, whatever is in it", () => {
  const lines = write((log) => {
    log.info("two\nlines", { n: 1n, missing: undefined });
    log.warn("second");
  });
  expect(lines).toMatchObject([
    { level: "info", message: "two\nlines", n: "1" },
    { level: "warn", message: "second" },
  ]);
});

test("an error is told with its causes, a circle of causes ends", () => {
  const root: Error & { cause?: unknown } = new Error("root");
  root.cause = root;
  const [line] = write((log) => log.error("it failed", { error: new TypeError("outer", { cause: root }) }));
  expect(line).toMatchObject({
    error: { messages: expect.arrayContaining(["TypeError: outer", "Error: root"]) },
  });
});
