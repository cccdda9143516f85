import { expect, test } from "bun:test";

import { describeSoak, type SoakOutcome } from "./soak-report.ts";

const describe = (outcomes: SoakOutcome[], { page = "", wrenn = "0.1.0 (abc)" } = {}): string =>
  describeSoak(
    {
      at: new Date("2026-11-25T22:00:00Z"),
      versions: { wrenn, bun: "1.4.5", qemu: "QEMU 7.2", os: "Debian 12", runsc: null },
      cores: 2,
      outcomes,
    },
    page,
  );

const outcomeOf = (file: string, names: string[], outcome: "passed" | "failed" = "passed"): SoakOutcome => ({
  file,
  tookMs: 90_000,
  results: names.map((name) => ({ file, name, outcome })),
});

test("a file's section names the day, the version, and each test with what came of it", () => {
  const { results, ...file } = outcomeOf("test/hosts/a.test.ts", ["one"]);
  const failed = outcomeOf(file.file, ["two"], "failed").results;
  const page = describe([{ ...file, results: [...results, ...failed] }]);
  expect(page).toContain("## `test/hosts/a.test.ts`\n\n- ended 2026-11-25T22:00:00.000Z, took 1.5 min\n");
  expect(page).toContain("- Wrenn 0.1.0 (abc)");
  expect(page).toContain("| one | passed |\n| two | failed |");
});

test("of a file with many tests the page tells how many passed in each group, and what failed", () => {
  const names = (group: string, count: number) =>
    Array.from({ length: count }, (_, index) => `${group} > case ${index}`);
  const file = "test/sdk/a.test.ts";
  const passed = outcomeOf(file, [...names("Node", 30), ...names("Bun", 20)]);
  const failed = outcomeOf(file, ["Bun > case 9"], "failed");
  const page = describe([{ ...passed, results: [...passed.results, ...failed.results] }]);
  expect(page).toContain("| Node | 30 passed |\n| Bun | 20 passed |\n| Bun > case 9 | failed |");
});

test("what other files came to stays, what the same came to is replaced", () => {
  const before = describe([outcomeOf("test/a.test.ts", ["old"]), outcomeOf("test/c.test.ts", ["kept"])]);
  const page = describe([outcomeOf("test/b.test.ts", ["added"]), outcomeOf("test/a.test.ts", ["new"])], {
    page: before,
    wrenn: "0.2.0 (def)",
  });
  expect(page.match(/^(?:# .*|## .*|- Wrenn .*|\| (?!test|---).*)$/gm)).toEqual([
    "# Soak",
    "## `test/a.test.ts`",
    "- Wrenn 0.2.0 (def), Bun 1.4.5, QEMU 7.2",
    "| new | passed |",
    "## `test/b.test.ts`",
    "- Wrenn 0.2.0 (def), Bun 1.4.5, QEMU 7.2",
    "| added | passed |",
    "## `test/c.test.ts`",
    "- Wrenn 0.1.0 (abc), Bun 1.4.5, QEMU 7.2",
    "| kept | passed |",
  ]);
});
