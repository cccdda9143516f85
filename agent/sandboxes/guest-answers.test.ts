import { expect, test } from "bun:test";

import { Metrics } from "../guest/metrics.ts";
import { parseMetrics, parsePorts } from "./guest-answers.ts";

test("the guest agent's own answers pass", () => {
  const all = new Metrics().read();
  // Said for others: the host counts in bytes.
  const { mem_total_mib: _total, mem_used_mib: _used, ...metrics } = all;
  expect(parseMetrics(JSON.parse(JSON.stringify({ ...all, later: 1 })))).toEqual(metrics);
  expect(parsePorts({ ports: [22, 65_535] })).toEqual([22, 65_535]);
});

test("nonsense is refused", () => {
  const metrics = new Metrics().read();
  const wrong = [
    { mem_used: "x" },
    { mem_used: 1.5 },
    { ts: 1e300 },
    { cpu_count: -1 },
    { disk_total: null },
  ];
  for (const field of wrong) expect(() => parseMetrics({ ...metrics, ...field })).toThrow();
  for (const answer of [null, 1, {}, { ports: "80" }, { ports: [0] }, { ports: [80, 65_536] }]) {
    expect(() => parsePorts(answer)).toThrow();
  }
});
