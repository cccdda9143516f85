import { expect, test } from "bun:test";

import { ZERO_UUID } from "../../proto/ids.ts";
import { decodeJournal, encodeJournal, type Paused, UnreadableJournal } from "./journal.ts";

const ID = "0198c0de-0000-7000-8000-000000000001";

const paused: Paused = {
  state: "paused",
  sandboxId: ID,
  teamId: ZERO_UUID,
  template: { teamId: ZERO_UUID, templateId: ZERO_UUID },
  createdAt: "2026-01-01T00:00:00.000Z",
  vcpus: 1,
  memoryMb: 512,
  diskSizeMb: 5_120,
  accessToken: "secret",
  timeout: { kind: "idle", timeoutSec: 300, action: "pause" },
  deadlineMs: null,
  network: { allowInternet: true, allowCidrs: [], denyCidrs: [], allowDomains: [] },
  layers: ["a", "b"],
  base: { kind: "zero" },
  kernelDigest: "k",
  guestDriveDigest: "d",
  reason: "timeout",
  pausedAt: "2026-01-01T00:00:00.000Z",
  saved: null,
};

test("what was written is read again", () => {
  expect(decodeJournal(encodeJournal(paused), ID)).toEqual(paused);
});

test("a journal of before there were domains has none", () => {
  const { allowDomains: _absent, ...network } = paused.network;
  const text = encodeJournal({ ...paused, network: network as typeof paused.network });
  expect(decodeJournal(text, ID)).toEqual(paused);
});

const whole = encodeJournal(paused);
test.each([
  ["is cut short", whole.slice(0, 100)],
  ["is empty", ""],
  ["is no object", "null"],
  ["is of another version", whole.replace('"version": 1', '"version": 2')],
  ["has an unknown state", whole.replace('"paused"', '"dreaming"')],
  ["speaks of another sandbox", whole.replaceAll(ID, ZERO_UUID)],
  ["has no layers", whole.replace('"layers"', '"other"')],
])("a journal that %s is refused", (_what, text) => {
  expect(() => decodeJournal(text, ID)).toThrow(UnreadableJournal);
});
