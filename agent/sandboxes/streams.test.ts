import { expect, test } from "bun:test";

import { Expiry } from "./expiry.ts";
import { Sandbox } from "./sandbox.ts";
import { closeDoor, drainDoor, openStream } from "./streams.ts";

const opened = () => {
  const sandbox = new Sandbox(crypto.randomUUID(), crypto.randomUUID());
  sandbox.accepting = true;
  const reset: string[] = [];
  const expiry = new Expiry(new Map(), () => Promise.resolve());
  const open = (name: string) => openStream(sandbox, expiry, { abort: () => void reset.push(name) });
  return { sandbox, reset, open };
};

test("a drained door lets what is under way end, and resets what does not", async () => {
  const { sandbox, reset, open } = opened();
  const end = open("short");
  open("endless");
  const drained = drainDoor(sandbox, 200);
  expect(sandbox.accepting).toBe(false);
  end();
  expect(reset).toEqual([]);
  await drained;
  expect(reset).toEqual(["endless"]);
});

test("it does not wait when everything has ended", async () => {
  const { sandbox, reset, open } = opened();
  const end = open("short");
  const drained = drainDoor(sandbox, 60_000);
  end();
  await drained;
  expect(reset).toEqual([]);
}, 10_000);

test("a closed door resets all at once", () => {
  const { sandbox, reset, open } = opened();
  const end = open("one");
  open("two");
  closeDoor(sandbox);
  expect([reset, sandbox.streams.size, sandbox.accepting]).toEqual([["one", "two"], 0, false]);
  end();
});
