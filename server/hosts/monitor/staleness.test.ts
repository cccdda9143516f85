import { describe, expect, test } from "bun:test";

import { judge, type OpenHold, type Verdict, type Watch, type WatchedHost } from "./staleness.ts";

const NOW = new Date("2026-01-01T12:00:00Z");
const STALE_SEC = 90;
const ago = (sec: number): Date => new Date(NOW.getTime() - sec * 1000);

/** A host that beat last so many seconds ago. */
const host = (id: string, silentSec: number, held: WatchedHost["held"] = null): WatchedHost => ({
  id,
  isPlatforms: true,
  lastHeartbeatAt: ago(silentSec),
  held,
});

/** The same of a team's own. */
const ownHost = (id: string, silentSec: number): WatchedHost => ({
  ...host(id, silentSec),
  isPlatforms: false,
});

const watch = (hosts: WatchedHost[], rest: Partial<Watch> = {}): Watch => ({
  now: NOW,
  leadingSince: ago(3600),
  staleMs: STALE_SEC * 1000,
  hosts,
  hold: null,
  ...rest,
});

const mark = (...hostIds: string[]): Verdict => ({ action: "mark", hostIds });
const hold = (...hostIds: string[]): Verdict => ({ action: "hold", hostIds });
const heldSince = (sec: number, ...hostIds: string[]): OpenHold => ({ hostIds, begunAt: ago(sec) });
const healthy = (count: number): WatchedHost[] =>
  Array.from({ length: count }, (_, index) => host(`h${index}`, index % 33));

describe("silence", () => {
  const cases: [string, Watch, Verdict][] = [
    ["nobody", watch([]), mark()],
    ["everyone beats", watch(healthy(20)), mark()],
    ["one short of stale", watch([host("a", 89.9), ...healthy(4)]), mark()],
    ["one stale", watch([host("a", 90), ...healthy(4)]), mark("a")],
    ["the only one", watch([host("a", 91)]), mark("a")],
    ["both of two", watch([host("a", 91), host("b", 92)]), mark("a", "b")],
    ["all three", watch([host("a", 91), host("b", 92), host("c", 93)]), hold("a", "b", "c")],
    [
      "three of six are no more than half",
      watch([host("a", 91), host("b", 92), host("c", 93), ...healthy(3)]),
      mark("a", "b", "c"),
    ],
    [
      "three of five are",
      watch([host("a", 91), host("b", 92), host("c", 93), ...healthy(2)]),
      hold("a", "b", "c"),
    ],
    [
      "the first of a crowd is not marked while the others are on their way",
      watch([host("a", 90), host("b", 75), host("c", 61)]),
      hold("a", "b", "c"),
    ],
    [
      "a team's hosts make no crowd beside the platform's",
      watch([ownHost("a", 91), ownHost("b", 91), ownHost("c", 91), host("d", 91), host("e", 1)]),
      mark("a", "b", "c", "d"),
    ],
    [
      "nor hide one, and wait with it",
      watch([
        host("a", 91),
        host("b", 91),
        host("c", 91),
        ownHost("d", 91),
        ...[1, 2, 3].map((n) => ownHost(`t${n}`, 1)),
      ]),
      hold("a", "b", "c", "d"),
    ],
    [
      "but where there are no others",
      watch([ownHost("a", 91), ownHost("b", 92), ownHost("c", 93)]),
      hold("a", "b", "c"),
    ],
    ["one missed beat is no crowd", watch([host("a", 90), host("b", 59), host("c", 59)]), mark("a")],
    [
      "not at once: each of three in a window of its own",
      watch([host("a", 200), host("b", 160), host("c", 91)]),
      mark("a", "b", "c"),
    ],
  ];
  for (const [name, given, expected] of cases) {
    test(name, () => expect(judge(given)).toEqual(expected));
  }
});

describe("a server that has just begun to lead", () => {
  test("blames nobody for silence before", () => {
    expect(judge(watch([host("a", 1000)], { leadingSince: ago(89) }))).toEqual(mark());
    expect(judge(watch([host("a", 1000)], { leadingSince: ago(90) }))).toEqual(mark("a"));
  });

  test("holds when none comes back, however long each was away", () => {
    const hosts = [host("a", 1000), host("b", 5000), host("c", 200), host("d", 10)];
    expect(judge(watch(hosts, { leadingSince: ago(90) }))).toEqual(hold("a", "b", "c"));
  });
});

describe("a hold", () => {
  const silent = [host("a", 1200), host("b", 1190), host("c", 1195)];
  const cases: [string, Watch, Verdict][] = [
    [
      "goes on, and nobody is marked",
      watch([...silent, host("d", 91)], { hold: heldSince(100, "a", "b", "c") }),
      { action: "wait" },
    ],
    [
      "ends at the first beat of any in it",
      watch([host("a", 1), ...silent.slice(1)], { hold: heldSince(100, "a", "b", "c") }),
      { action: "end", end: "beat" },
    ],
    [
      "not at a beat of another",
      watch([...silent, host("d", 1)], { hold: heldSince(100, "a", "b", "c") }),
      { action: "wait" },
    ],
    [
      "a team's host does not end for the platform's",
      watch([...silent, ownHost("t", 1)], { hold: heldSince(100, "a", "b", "c", "t") }),
      { action: "wait" },
    ],
    ["lasts ten stale times", watch(silent, { hold: heldSince(899, "a", "b", "c") }), { action: "wait" }],
    [
      "and no longer",
      watch(silent, { hold: heldSince(900, "a", "b", "c") }),
      { action: "end", end: "expired" },
    ],
    [
      "ends when all in it are deleted",
      watch([host("d", 1)], { hold: heldSince(10, "a", "b", "c") }),
      { action: "end", end: "expired" },
    ],
  ];
  for (const [name, given, expected] of cases) {
    test(name, () => expect(judge(given)).toEqual(expected));
  }
});

describe("after a hold", () => {
  const held = (end: "beat" | "released" | "expired", endedSec: number): WatchedHost[] =>
    ["a", "b", "c"].map((id) => host(id, 500, { end, endedAt: ago(endedSec) }));

  test("that an admin released, or that ran out, its silent hosts are marked", () => {
    expect(judge(watch(held("released", 1)))).toEqual(mark("a", "b", "c"));
    expect(judge(watch(held("expired", 1)))).toEqual(mark("a", "b", "c"));
  });

  test("that ended by a beat, the others get the stale time anew, and no second hold", () => {
    expect(judge(watch(held("beat", 89)))).toEqual(mark());
    expect(judge(watch(held("beat", 90)))).toEqual(mark("a", "b", "c"));
  });
});
