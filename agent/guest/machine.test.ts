/** Readers of the kernel's texts, and what a clone writes. */
import { expect, test } from "bun:test";

import { withOwnName } from "./clone-identity.ts";
import { memoryField, parseCpuTimes } from "./metrics.ts";
import { parseListening } from "./ports.ts";
import { decodeEvents, IN_CREATE } from "./system/inotify.ts";

test("CPU times: busy is all but idle and waiting for disks", () => {
  expect(parseCpuTimes("cpu  10 1 5 80 4 1 1 2 50 0\ncpu0 1 1 1 1\n")).toEqual({ busy: 20, total: 104 });
});

test("memory fields are kibibytes", () => {
  expect(
    memoryField("MemTotal:        1024 kB\nMemFree: 1 kB\nCached:  7 kB\nSwapCached: 9 kB\n", "Cached"),
  ).toBe(7_168);
  expect(memoryField("MemTotal: 1 kB\n", "Cached")).toBe(0);
});

test("listening sockets of /proc/net", () => {
  const table = [
    "  sl  local_address rem_address   st tx_queue",
    "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000",
    "   1: 0100007F:1F91 0100007F:C350 01 00000000:00000000",
    "   2: 00000000000000000000000000000000:0016 00000000000000000000000000000000:0000 0A 0:0",
    "",
  ].join("\n");
  expect(parseListening(table)).toEqual([8080, 22]);
});

test("several inotify events of one read", () => {
  const bytes = new Uint8Array(16 + 16 + 16);
  const view = new DataView(bytes.buffer);
  view.setInt32(0, 3, true);
  view.setUint32(4, IN_CREATE, true);
  view.setUint32(12, 16, true);
  bytes.set(new TextEncoder().encode("name.txt"), 16);
  view.setInt32(32, 4, true);
  view.setUint32(36, 0x8000, true);
  expect(decodeEvents(bytes)).toEqual([
    { watch: 3, mask: IN_CREATE, name: "name.txt" },
    { watch: 4, mask: 0x8000, name: "" },
  ]);
  expect(decodeEvents(bytes.subarray(0, 10))).toEqual([]);
});

test.each([
  ["127.0.0.1\tlocalhost\n", "127.0.0.1\tlocalhost\n127.0.1.1\tme\n"],
  ["127.0.1.1 old\n127.0.0.1 localhost\n\n", "127.0.0.1 localhost\n127.0.1.1\tme\n"],
  ["127.0.0.1 localhost\n127.0.1.10 kept", "127.0.0.1 localhost\n127.0.1.10 kept\n127.0.1.1\tme\n"],
])("hosts %p", (hosts, expected) => {
  expect(withOwnName(hosts, "me")).toBe(expected);
});
