import { expect, test } from "bun:test";

import { isUuid, ZERO_UUID } from "../../proto/ids.ts";
import { variantKey } from "./variants.ts";

const key = { teamId: ZERO_UUID, templateId: ZERO_UUID };

test("a variant's id is a UUID that follows from template, size and runtime", () => {
  const first = variantKey(key, { vcpus: 2, memoryMb: 1_024 }, "qemu");
  expect(isUuid(first.templateId)).toBe(true);
  expect(variantKey(key, { vcpus: 2, memoryMb: 1_024 }, "qemu")).toEqual(first);
  const others = [
    variantKey(key, { vcpus: 1, memoryMb: 1_024 }, "qemu"),
    variantKey(key, { vcpus: 2, memoryMb: 512 }, "qemu"),
    variantKey(key, { vcpus: 2, memoryMb: 1_024 }, "other"),
    variantKey({ ...key, templateId: first.templateId }, { vcpus: 2, memoryMb: 1_024 }, "qemu"),
  ];
  expect(new Set([first, ...others].map(({ templateId }) => templateId)).size).toBe(5);
});
