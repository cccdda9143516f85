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
