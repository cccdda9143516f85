import { expect, test } from "bun:test";

import { createSteps, drawBar, formatSeconds, type StepsOutput } from "./steps.ts";

const capture = (isTerminal: boolean): { output: StepsOutput; text(): string } => {
  const written: string[] = [];
  const output = {
    write: (text: string) => void written.push(text),
    isTerminal,
    color: false,
    columns: () => 80,
  };
  return { output, text: () => written.join("") };
};

test("a plain output gets one line a step, downloads apart", async () => {
  const { output, text } = capture(false);
  const steps = createSteps(output, 1_000);
  const result = await steps.run("fetch", async (step) => {
    step.progress("soon", 0.5);
    step.downloaded(2_000);
    step.detail("done it");
    return 7;
  });
  expect(result).toBe(7);
  expect(text()).toMatch(/^ok fetch: done it \(.+ \+ 2\.0 s download\)\n$/);
  expect(steps.times().downloadMs).toBe(3_000);
});

test("a failed step is marked and its error passed on", async () => {
  const { output, text } = capture(false);
  const failure = await createSteps(output)
    .run("try", () => Promise.reject(new Error("no")))
    .catch((error: unknown) => error);
  expect(failure).toEqual(new Error("no"));
  expect(text()).toStartWith("failed try (");
});

test("a terminal gets a bar that is wiped at the end", async () => {
  const { output, text } = capture(true);
  await createSteps(output).run("build", async (step) => step.progress("half", 0.5));
  expect(text()).toContain(`\r\u001b[K  build ${drawBar(0.5)} half`);
  expect(text()).toEndWith("ms)\n");
});

test.each([
  [-1, "[........................]   0 %"],
  [0.5, "[############............]  50 %"],
  [7, "[########################] 100 %"],
])("a bar of %d", (fraction, bar) => expect(drawBar(fraction)).toBe(bar));

test("short times are in milliseconds", () => {
  expect([formatSeconds(999), formatSeconds(61_240)]).toEqual(["999 ms", "61.2 s"]);
});
