import { expect, test } from "bun:test";

import { create, type MessageInitShape } from "@bufbuild/protobuf";

import { ListSamplesResponseSchema, type StepTimeSchema } from "../../proto/gen/wrenn/host/v1/host_pb.ts";
import { formatHostId, newId } from "../../proto/ids.ts";
import { HostFigures } from "./figures.ts";

const HOST = newId();
const NAME = formatHostId(HOST);

const memory: MessageInitShape<typeof StepTimeSchema> = {
  operation: "pause",
  step: "memory",
  counts: [1n, 2n, 1n],
  sumMs: 75,
};

/** What every host shows. */
const ahead = [`wrenn_host_ready_spares{host="${NAME}"} 3`, `wrenn_host_ready_standbys{host="${NAME}"} 2`];

const openLab = () => {
  const clock = { nowMs: 0 };
  const figures = new HostFigures(1_000, () => clock.nowMs);
  const tell = (steps: MessageInitShape<typeof StepTimeSchema>[], limitsMs = [10, 50]) =>
    figures.note(
      HOST,
      create(ListSamplesResponseSchema, { readySpares: 3, readyStandbys: 2, stepTimes: { limitsMs, steps } }),
    );
  const shown = () => figures.lines().filter((line) => !line.startsWith("#"));
  return { clock, figures, tell, shown };
};

test("what is made ahead and steps as Prometheus text, buckets added up", () => {
  const { tell, shown } = openLab();
  tell([memory]);
  const series = `host="${NAME}",operation="pause",step="memory"`;
  expect(shown()).toEqual([
    ...ahead,
    `wrenn_host_step_duration_seconds_bucket{${series},le="0.01"} 1`,
    `wrenn_host_step_duration_seconds_bucket{${series},le="0.05"} 3`,
    `wrenn_host_step_duration_seconds_bucket{${series},le="+Inf"} 4`,
    `wrenn_host_step_duration_seconds_sum{${series}} 0.075`,
    `wrenn_host_step_duration_seconds_count{${series}} 4`,
  ]);
});

test("what a host said last counts, and only for a time", () => {
  const { clock, tell, shown } = openLab();
  tell([memory]);
  tell([{ ...memory, counts: [0n, 0n, 0n], sumMs: 0 }]);
  expect(shown().at(-1)).toEndWith(" 0");
  clock.nowMs = 1_001;
  expect(shown()).toEqual([]);
});

test.each([
  ["a name with a quote", [{ ...memory, step: 'a"b' }], [10, 50]],
  ["a long name", [{ ...memory, operation: "a".repeat(33) }], [10, 50]],
  ["too few counts", [{ ...memory, counts: [1n] }], [10, 50]],
  ["a count beyond numbers", [{ ...memory, counts: [2n ** 60n, 0n, 0n] }], [10, 50]],
  ["a sum that is none", [{ ...memory, sumMs: Number.NaN }], [10, 50]],
  ["limits that fall", [memory], [50, 10]],
  ["a limit twice", [memory], [10, 10]],
  [
    "too many limits",
    [{ ...memory, counts: Array<bigint>(41).fill(0n) }],
    Array.from({ length: 40 }, (_, index) => index + 1),
  ],
])("of %s nothing is shown but what is made ahead", (_, steps, limitsMs) => {
  const { tell, shown } = openLab();
  tell(steps, limitsMs);
  expect(shown()).toEqual(ahead);
});

test("a step told twice is shown once, and no more steps than a host has", () => {
  const { tell, shown } = openLab();
  tell([memory, { ...memory, counts: [9n, 9n, 9n] }]);
  expect(shown().filter((line) => line.includes("_count"))).toEqual([expect.stringMatching(/ 4$/)]);
  const names = Array.from(
    { length: 300 },
    (_, index) => `step${"_".repeat(index % 20)}${"a".repeat(index / 20)}`,
  );
  tell(names.map((step) => ({ ...memory, step })));
  expect(shown().filter((line) => line.includes("_count"))).toHaveLength(128);
});

test("an agent from before has neither", () => {
  const { figures, shown } = openLab();
  figures.note(HOST, create(ListSamplesResponseSchema, {}));
  expect(shown()).toEqual([
    `wrenn_host_ready_spares{host="${NAME}"} 0`,
    `wrenn_host_ready_standbys{host="${NAME}"} 0`,
  ]);
});
