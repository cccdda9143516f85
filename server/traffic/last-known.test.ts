import { expect, test } from "bun:test";

import { LastKnown } from "./last-known.ts";
import type { TrafficSandbox } from "./store.ts";

const running = (id: string, changes: Partial<TrafficSandbox> = {}): TrafficSandbox => ({
  id,
  teamId: "team",
  status: "running",
  publicPorts: false,
  autoResume: false,
  endpoint: { id: "host", address: "https://host", tlsCert: null },
  ...changes,
});

test("a place is known for a second, from when it was read", () => {
  let nowMs = 5_000;
  const known = new LastKnown(() => nowMs);
  expect(known.find("a")).toBeNull();
  known.note(running("a"));
  nowMs += 999;
  expect(known.find("a")?.endpoint?.id).toBe("host");
  nowMs += 1;
  expect(known.find("a")).toBeNull();
});

test("only of sandboxes that run, on a host that can be called, and not after a refusal", () => {
  const known = new LastKnown();
  known.note(running("a"));
  known.note(running("a", { status: "paused" }));
  expect(known.find("a")).toBeNull();
  known.note(running("b", { endpoint: null }));
  expect(known.find("b")).toBeNull();
  known.note(running("c"));
  known.forget("c");
  expect(known.find("c")).toBeNull();
});

test("the oldest goes when there are too many", () => {
  const known = new LastKnown(() => 0);
  for (let index = 0; index <= 10_000; index++) known.note(running(String(index)));
  expect(known.find("0")).toBeNull();
  expect(known.find("1")).not.toBeNull();
});
