import { expect, test } from "bun:test";
import { tmpdir } from "node:os";

import { DiskFull, freeBytesAt, requireFreeSpace, RESERVED_BYTES } from "./free-space.ts";

test("what fits beside the reserve is allowed, what does not is refused with both numbers", async () => {
  const free = await freeBytesAt(tmpdir());
  expect(free).toBeGreaterThan(RESERVED_BYTES);
  await requireFreeSpace(tmpdir(), 1);
  const error = await requireFreeSpace(tmpdir(), 2 ** 52).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(DiskFull);
  expect(error).toMatchObject({ code: "disk_full", neededBytes: 2 ** 52, path: tmpdir() });
});
