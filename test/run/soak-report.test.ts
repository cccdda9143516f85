import { expect, test } from "bun:test";

import { describeSoak } from "./soak-report.ts";

test("the page names the day, the version, and each test with what came of it", () => {
  const page = describeSoak({
    at: new Date("2026-11-25T22:00:00Z"),
    versions: { wrenn: "0.1.0 (abc)", bun: "1.4.5", qemu: "QEMU 7.2", os: "Debian 12", runsc: null },
    cores: 2,
    outcomes: [
      {
        file: "test/hosts/a.test.ts",
        tookMs: 90_000,
        results: [
          { file: "test/hosts/a.test.ts", name: "one", outcome: "passed" },
          { file: "test/hosts/a.test.ts", name: "two", outcome: "failed" },
        ],
      },
    ],
  });
  expect(page).toContain("ended 2026-11-25T22:00:00.000Z");
  expect(page).toContain("Wrenn 0.1.0 (abc)");
  expect(page).toContain("| `test/hosts/a.test.ts` | 1.5 min | one | passed |\n|  |  | two | failed |");
});

test("of a file with many tests the page tells how many passed in each group, and what failed", () => {
  const passed = (group: string, count: number) =>
    Array.from({ length: count }, (_, index) => ({
      file: "test/sdk/a.test.ts",
      name: `${group} > case ${index}`,
      outcome: "passed" as const,
    }));
  const failed = { file: "test/sdk/a.test.ts", name: "Bun > case 9", outcome: "failed" as const };
  const page = describeSoak({
    at: new Date("2026-11-25T22:00:00Z"),
    versions: { wrenn: "0.1.0 (abc)", bun: "1.4.5", qemu: "QEMU 7.2", os: "Debian 12", runsc: null },
    cores: 2,
    outcomes: [
      {
        file: "test/sdk/a.test.ts",
        tookMs: 60_000,
        results: [...passed("Node", 30), ...passed("Bun", 20), failed],
      },
    ],
  });
  expect(page).toContain(
    "| `test/sdk/a.test.ts` | 1.0 min | Node | 30 passed |\n|  |  | Bun | 20 passed |\n|  |  | Bun > case 9 | failed |",
  );
});
