import { describe, expect, test } from "bun:test";

import { type HostCandidate, oversize, type Placement, RoundRobin } from "./scheduler.ts";

const host = (id: string, changes: Partial<HostCandidate> = {}): HostCandidate => ({
  id,
  address: "http://127.0.0.1:7070",
  tlsCert: null,
  type: "regular",
  teamId: null,
  status: "online",
  reachable: true,
  draining: false,
  cpuCores: 2,
  memoryMb: 4096,
  freeMemoryMb: 2048,
  freeDiskMb: 20_000,
  runtimeId: "qemu-7.2",
  holdsTemplate: true,
  copiesTemplate: false,
  ...changes,
});

const placement = (changes: Partial<Placement> = {}): Placement => ({
  team: { id: "team", isByoc: false },
  vcpus: 1,
  memoryMb: 512,
  diskSizeMb: 5120,
  runtimeId: null,
  excluded: new Set(),
  ...changes,
});

const byoc = { id: "team", isByoc: true };

describe("the condition that failed is named", () => {
  const cases: [string, HostCandidate[], Placement, RegExp][] = [
    ["no host at all", [], placement(), /no host is registered/],
    ["only another team's own", [host("a", { type: "byoc", teamId: "x" })], placement(), /no host/],
    ["a BYOC team never gets shared hosts", [host("a")], placement({ team: byoc }), /of its own/],
    ["unreachable", [host("a", { status: "unreachable" })], placement(), /online/],
    ["pending", [host("a", { status: "pending" })], placement(), /online/],
    ["not dialled", [host("a", { reachable: false })], placement(), /cannot open a connection/],
    ["draining", [host("a", { draining: true })], placement(), /draining/],
    ["template elsewhere", [host("a", { holdsTemplate: false })], placement(), /template/],
    ["other runtime", [host("a")], placement({ runtimeId: "qemu-8.2" }), /runtime/],
    ["no memory", [host("a", { freeMemoryMb: 100 })], placement(), /out of memory/],
    ["no disk", [host("a", { freeDiskMb: 5119 })], placement(), /5120 MB of free disk/],
    ["all refused", [host("a")], placement({ excluded: new Set(["a"]) }), /refused/],
  ];
  for (const [name, hosts, wanted, reason] of cases) {
    test(name, () => {
      const choice = new RoundRobin().choose(hosts, wanted);
      expect(choice.ok).toBe(false);
      if (!choice.ok) expect(choice.reason).toMatch(reason);
    });
  }
});

/** Ids in the order in which they got a turn. */
const turns = (asked: [HostCandidate[], Placement][]): string[] => {
  const scheduler = new RoundRobin();
  return asked.map(([hosts, wanted]) => {
    const choice = scheduler.choose(hosts, wanted);
    return choice.ok ? choice.host.id : "";
  });
};

test("hosts take turns, whatever order they come in", () => {
  const [a, b] = [host("a"), host("b")];
  expect(
    turns([
      [[b, a], placement()],
      [[a, b], placement()],
      [[b, a], placement()],
    ]),
  ).toEqual(["a", "b", "a"]);
});

test("a host that comes or returns takes nobody's turn", () => {
  const [a, b, c] = [host("a"), host("b"), host("c")];
  const asked = [
    [b, c],
    [a, b, c],
    [b, c],
    [a, b, c],
    [a, b, c],
  ];
  expect(turns(asked.map((hosts) => [hosts, placement()]))).toEqual(["b", "a", "c", "b", "a"]);
});

test("teams that ask in turn do not keep each other to the same host", () => {
  const own = ["x", "z"].map((id) => host(id, { type: "byoc", teamId: "team" }));
  const all = [...own, host("y")];
  const both: [HostCandidate[], Placement][] = [
    [all, placement({ team: byoc })],
    [all, placement()],
  ];
  expect(turns([...both, ...both, ...both])).toEqual(["x", "y", "z", "y", "x", "y"]);
});

test("a BYOC team gets its own host", () => {
  const own = host("own", { type: "byoc", teamId: "team" });
  const choice = new RoundRobin().choose([host("shared"), own], placement({ team: byoc }));
  expect(choice).toEqual({ ok: true, host: own });
});

test("a refusing host is passed over", () => {
  const choice = new RoundRobin().choose([host("a"), host("b")], placement({ excluded: new Set(["a"]) }));
  expect(choice.ok && choice.host.id).toBe("b");
});

test("sizes beyond every host are told apart from a full moment", () => {
  const hosts = [host("a"), host("b", { cpuCores: 8, memoryMb: 1024 })];
  expect(oversize(hosts, placement({ vcpus: 9 }))).toEqual({ field: "vcpus", max: 8 });
  expect(oversize(hosts, placement({ memoryMb: 5000 }))).toEqual({ field: "memory_mb", max: 4096 });
  expect(oversize(hosts, placement({ vcpus: 8, memoryMb: 4096 }))).toBeNull();
  expect(oversize([], placement({ vcpus: 64 }))).toBeNull();
});
