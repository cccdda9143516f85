import { expect, test } from "bun:test";

import { parseReport } from "./results.ts";

test("a report gives each test with its outcome and full name", () => {
  const xml = `<testsuites><testsuite name="a.test.ts" file="a.test.ts">
    <testcase name="ok &amp; &lt;x&gt;" classname="outer" time="0.1" file="a.test.ts" line="2" assertions="1" />
    <testcase name="later" classname="" file="a.test.ts"><skipped message="TODO" /></testcase>
    <testcase name="bad" classname="outer" file="a.test.ts">
      <failure type="AssertionError" message="no&#10;">no</failure>
    </testcase></testsuite></testsuites>`;
  expect(parseReport(xml)).toEqual([
    { file: "a.test.ts", name: "outer > ok & <x>", outcome: "passed" },
    { file: "a.test.ts", name: "later", outcome: "skipped" },
    { file: "a.test.ts", name: "outer > bad", outcome: "failed" },
  ]);
});
