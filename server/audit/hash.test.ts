import { expect, test } from "bun:test";

import { FIRST_HASH, hashRow } from "./hash.ts";
import type { HashedRow } from "./hash.ts";

const row: HashedRow = {
  team_id: "0198c0de-0000-7000-8000-000000000001",
  seq: 1,
  actor_type: "user",
  actor_id: "usr-1",
  actor_name: "Ada",
  resource_type: "sandbox",
  resource_id: "sb-1",
  action: "create",
  scope: "team",
  status: "success",
  metadata: { a: 1, b: { c: [1, 2], d: null } },
  created_at: new Date(0),
};
const hash = (changed: Partial<HashedRow> = {}) =>
  hashRow(FIRST_HASH, { ...row, ...changed }).toString("hex");

test("never changes: chains that were written must verify for ever", () => {
  expect(hash()).toBe("7af6c3fcaf9197d813e4fa83eb712514eb988038f6f640da0dec48b169197c6e");
});

test("does not depend on the order of keys, and on everything else", () => {
  expect(hash({ metadata: { b: { d: null, c: [1, 2] }, a: 1 } })).toBe(hash());
  const changes: Partial<HashedRow>[] = [
    { seq: 2 },
    { actor_id: null },
    { actor_name: "" },
    { actor_name: null },
    { resource_id: "sb-2" },
    { action: "destroy" },
    { scope: "admin" },
    { status: "info" },
    { metadata: { a: 1, b: { c: [2, 1], d: null } } },
    { metadata: {} },
    { created_at: new Date(1) },
    { team_id: "0198c0de-0000-7000-8000-000000000002" },
  ];
  const hashes = new Set([hash(), ...changes.map(hash)]);
  expect(hashes.size).toBe(changes.length + 1);
  expect(hashRow(Buffer.alloc(32, 1), row).toString("hex")).not.toBe(hash());
});
