/** The pool's rules, with machines that are only counted; the real ones are in test/agent/spares.test.ts. */
import { expect, test } from "bun:test";

import { waitFor } from "../../../test/support/wait-for.ts";
import type { Vm, VmExit } from "../../vm/runtime.ts";
import { nameOfSpare, type Spare, type SpareKind } from "./kinds.ts";
import { roomOf } from "./open-pools.ts";
import { Pool, type PoolRoom } from "./pool.ts";

const TEAM = "00000000-0000-0000-0000-000000000001";

const kind = (templateId: string, diskSizeMb = 5_120): SpareKind => ({
  template: { teamId: TEAM, templateId },
  diskSizeMb,
});

/** What a pool made and ended, in order, and how its host is. */
const openLab = (most: number, restMs = 0) => {
  const ended: string[] = [];
  const failures: unknown[] = [];
  const exits = new Map<string, (exit: VmExit) => void>();
  const host = { room: "more" as PoolRoom, failing: "", made: 0 };
  /** What a making and an end wait for. */
  const pace = { make: Promise.resolve(), end: Promise.resolve() };
  const make = async (wanted: SpareKind, unwanted: AbortSignal): Promise<Spare> => {
    if (wanted.template.templateId === host.failing) throw new Error("no machine today");
    const aborted = new Promise((resolve) => unwanted.addEventListener("abort", resolve));
    await Promise.race([pace.make, aborted]);
    unwanted.throwIfAborted();
    const id = `${wanted.template.templateId}-${++host.made}`;
    const exited = new Promise<VmExit>((resolve) => exits.set(id, resolve));
    const vm = { exited } as Vm;
    return { ...wanted, id, layers: [], pin: { [Symbol.dispose]: () => {} }, live: { vm } as Spare["live"] };
  };
  const spares = new Pool<SpareKind, Spare>({
    most,
    restMs,
    nameOf: nameOfSpare,
    make,
    end: async ({ id }) => {
      await pace.end;
      ended.push(id);
    },
    readRoom: async () => host.room,
    onFailure: (_, error) => failures.push(error),
  });
  spares.start();
  return { spares, host, pace, ended, failures, exits };
};

test("the first claim finds none and has one made for the next", async () => {
  const { spares } = openLab(4);
  expect(spares.claim(kind("a"))).toBeNull();
  await spares.settled();
  expect(spares.count).toBe(1);
  expect(spares.claim(kind("a"))?.id).toBe("a-1");
  await spares.settled();
  // Asked for twice within the minute.
  expect(spares.count).toBe(2);
  await spares.close();
});

test("a spare of another template or disk size is not it", async () => {
  const { spares } = openLab(4);
  spares.keepOne(kind("a"));
  await spares.settled();
  expect(spares.claim(kind("b"))).toBeNull();
  expect(spares.claim(kind("a", 9_000))).toBeNull();
  expect(spares.claim(kind("a"))?.id).toBe("a-1");
  await spares.close();
});

test("no more stand than the host allows, and none where none are allowed", async () => {
  const { spares } = openLab(2);
  for (let index = 0; index < 10; index++) expect(spares.claim(kind("a"))).toBeNull();
  await spares.settled();
  expect(spares.count).toBe(2);
  await spares.close();
  const none = openLab(0);
  none.spares.keepOne(kind("a"));
  expect(none.spares.claim(kind("a"))).toBeNull();
  await none.spares.settled();
  expect(none.spares.count).toBe(0);
});

test("what was asked for last gets a place that others have", async () => {
  const { spares, ended } = openLab(2);
  for (let index = 0; index < 2; index++) expect(spares.claim(kind("a"))).toBeNull();
  await spares.settled();
  expect(spares.claim(kind("b"))).toBeNull();
  await spares.settled();
  expect(ended).toEqual(["a-2"]);
  expect(spares.claim(kind("b"))?.id).toBe("b-3");
  await spares.close();
});

test("without room all go, and nothing is made until there is some", async () => {
  const { spares, host, ended } = openLab(4);
  spares.keepOne(kind("a"));
  await spares.settled();
  host.room = "none";
  spares.expect(kind("b"));
  await spares.settled();
  expect(ended).toEqual(["a-1"]);
  expect(spares.count).toBe(0);
  host.room = "more";
  spares.expect(kind("b"));
  await spares.settled();
  // The one that is kept, and two that were asked for.
  expect(spares.count).toBe(3);
  await spares.close();
});

test("a machine that dies is put away and made anew", async () => {
  const { spares, exits, ended } = openLab(4);
  spares.keepOne(kind("a"));
  await spares.settled();
  exits.get("a-1")?.({ reason: "vm_died", detail: "" });
  await Bun.sleep(0);
  expect([spares.count, ended]).toEqual([0, ["a-1"]]);
  expect(spares.claim(kind("a"))).toBeNull();
  await spares.settled();
  expect(spares.count).toBe(1);
  await spares.close();
});

test("a claimed one is not ended with the others, nor when it dies", async () => {
  const { spares, exits, ended } = openLab(4);
  spares.keepOne(kind("a"));
  await spares.settled();
  const claimed = spares.claim(kind("a"));
  await spares.settled();
  await spares.close();
  exits.get(claimed?.id ?? "")?.({ reason: "vm_died", detail: "" });
  await Bun.sleep(0);
  expect(ended).not.toContain(claimed?.id ?? "");
  expect(ended).toHaveLength(1);
});

test("while a template is deleted none of it stands or is made, and it is not asked for any more", async () => {
  const { spares, ended } = openLab(4);
  for (const name of ["a", "b"]) spares.keepOne(kind(name));
  await spares.settled();
  await spares.without(["a"], async () => {
    expect(ended).toEqual(["a-1"]);
    expect(spares.claim(kind("a"))).toBeNull();
    await spares.settled();
    expect(spares.count).toBe(1);
  });
  await spares.close();
});

test("a failure is told and not tried again until somebody asks", async () => {
  const { spares, host, failures } = openLab(4);
  host.failing = "a";
  spares.expect(kind("a"));
  await spares.settled();
  expect(failures).toHaveLength(1);
  host.failing = "";
  spares.expect(kind("a"));
  await spares.settled();
  expect(spares.count).toBe(2);
  await spares.close();
});

test("a kind that cannot be made keeps no other from being made", async () => {
  const { spares, host, failures } = openLab(4);
  host.failing = "a";
  spares.keepOne(kind("b"));
  spares.expect(kind("a"));
  await spares.settled();
  expect(failures).toHaveLength(1);
  expect(spares.claim(kind("b"))?.id).toBe("b-1");
  await spares.close();
});

test("without room for one more those that stand stay", async () => {
  const { spares, host, ended } = openLab(4);
  spares.keepOne(kind("a"));
  await spares.settled();
  host.room = "enough";
  spares.expect(kind("b"));
  await spares.settled();
  expect([spares.count, host.made, ended]).toEqual([1, 1, []]);
  await spares.close();
});

test("one that was made because there was room leaves room for itself", () => {
  const totalMb = 8_192;
  for (let availableMb = 1_200; availableMb < 2_000; availableMb++) {
    if (roomOf({ totalMb, availableMb }, 256) !== "more") continue;
    expect(roomOf({ totalMb, availableMb: availableMb - 80 }, 256)).not.toBe("none");
  }
});

test("what is made of a template that is deleted is given up, and what is made of others is not waited for", async () => {
  const { spares, pace, host, failures } = openLab(4);
  pace.make = Promise.withResolvers<void>().promise;
  spares.expect(kind("a"));
  await Bun.sleep(0);
  for (let index = 0; index < 3; index++) spares.expect(kind("b"));
  expect(await spares.without(["a"], async () => spares.count)).toBe(0);
  expect(await spares.without(["a"], async () => host.made)).toBe(0);
  // The one of the other template goes with the pool.
  await spares.close();
  expect([spares.count, failures]).toEqual([0, []]);
});

test("who needs the memory of spares that are going already waits for it too", async () => {
  const { spares, pace, ended } = openLab(4);
  spares.keepOne(kind("a"));
  await spares.settled();
  const gone = Promise.withResolvers<void>();
  pace.end = gone.promise;
  const both = [spares.giveWay(), spares.giveWay()];
  gone.resolve();
  expect(await Promise.all(both)).toEqual([true, true]);
  expect(ended).toEqual(["a-1"]);
  expect(await spares.giveWay()).toBe(false);
  await spares.close();
});

test("nothing is made after the close", async () => {
  const { spares, host } = openLab(4);
  await spares.close();
  spares.keepOne(kind("a"));
  expect(spares.claim(kind("a"))).toBeNull();
  await spares.settled();
  expect(host.made).toBe(0);
});

test("nothing is made right after somebody asked, and a close does not wait for that", async () => {
  const { spares } = openLab(4, 20);
  for (let asked = 0; asked < 4; asked++) spares.expect(kind("a"));
  expect(spares.count).toBe(0);
  await spares.settled();
  expect(spares.count).toBe(4);
  await spares.close();
  const resting = openLab(4, 600_000);
  resting.spares.expect(kind("a"));
  await resting.spares.close();
  expect(resting.host.made).toBe(0);
});

test("where somebody asks without end some are made all the same", async () => {
  const { spares, host } = openLab(4, 40);
  await waitFor(
    "one is made",
    () => {
      spares.expect(kind("a"));
      return host.made > 0;
    },
    5_000,
    5,
  );
  await spares.close();
});

test("a suggestion has one made where nobody asked for any, and is no demand beside others", async () => {
  const { spares } = openLab(4);
  for (let index = 0; index < 3; index++) spares.suggest(kind("a"));
  await spares.settled();
  expect(spares.count).toBe(1);
  await spares.close();
});
