import { describe, expect, test } from "bun:test";

import { cpuModelOf, parseQemuVersion } from "./open-runtime.ts";

test.each<[string, [number, number] | null]>([
  ["QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)\nCopyright", [7, 2]],
  ["QEMU emulator version 10.0.2 (Debian 1:10.0.2+ds-2)", [10, 0]],
  ["something else 7.2", null],
  ["", null],
])("parseQemuVersion(%p)", (text, version) => {
  expect(parseQemuVersion(text)).toEqual(version);
});

describe("cpuModelOf()", () => {
  const cpuinfo = (flags: string, megahertz: string) =>
    `processor\t: 0\nmodel name\t: Some CPU\ncpu MHz\t\t: ${megahertz}\nflags\t\t: ${flags}\n\nprocessor\t: 1\n`;

  test("an emulated CPU does not depend on the host", () => {
    expect(cpuModelOf("tcg", cpuinfo("fpu", "1000"))).toBe("max");
  });

  test("an accelerated one follows the host's features, not its clock", () => {
    const model = cpuModelOf("kvm", cpuinfo("fpu sse", "1000"));
    expect(model).toMatch(/^max-[0-9a-f]{8}$/);
    expect(cpuModelOf("kvm", cpuinfo("fpu sse", "2000"))).toBe(model);
    expect(cpuModelOf("kvm", cpuinfo("fpu sse avx", "1000"))).not.toBe(model);
  });
});
