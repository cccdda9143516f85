/** The pool's rules, with machines that are only counted; the real ones are in test/agent/spares.test.ts. */
import { expect, test } from "bun:test";

import type { Vm, VmExit } from "../../vm/runtime.ts";
import { type Spare, type SpareKind, Spares } from "./spares.ts";

const TEAM = "00000000-0000-0000-0000-000000000001";

const kind = (templateId: string, diskSizeMb = 5_120): SpareKind => ({
  template: { teamId: TEAM, templateId },
  diskSizeMb,
});

/** What a pool made and ended, in order, and how its host is. */
const openLab = (most: number) => {
  const ended: string[] = [];
  const failures: unknown[] = [];
  const exits = new Map<string, (exit: VmExit) => void>();
  const host = { hasRoom: true, fails: false, made: 0 };
  const make = async (wanted: SpareKind): Promise<Spare> => {
    if (host.fails) throw new Error("no machine today");
    const id = `${wanted.template.templateId}-${++host.made}`;
    const exited = new Promise<VmExit>((resolve) => exits.set(id, resolve));
    const vm = { exited } as Vm;
    return { ...wanted, id, layers: [], pin: { [Symbol.dispose]: () => {} }, live: { vm } as Spare["live"] };
  };
  const spares = new Spares({
    most,
    make,
    end: async ({ id }) => {
      ended.push(id);
    },
    hasRoom: async () => host.hasRoom,
    onFailure: (_, error) => failures.push(error),
  });
  spares.start();
  return { spares, host, ended, failures, exits };
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
  host.hasRoom = false;
  spares.expect(kind("b"));
  await spares.settled();
  expect(ended).toEqual(["a-1"]);
  expect(spares.count).toBe(0);
  host.hasRoom = true;
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

test("a failure is told and stops the row, until somebody asks again", async () => {
  const { spares, host, failures } = openLab(4);
  host.fails = true;
  spares.expect(kind("a"));
  await spares.settled();
  expect(failures).toHaveLength(1);
  host.fails = false;
  spares.expect(kind("a"));
  await spares.settled();
  expect(spares.count).toBe(2);
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
