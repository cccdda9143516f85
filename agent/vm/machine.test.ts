import { describe, expect, test } from "bun:test";

import { jailed, kernelCommandLine, qemuArguments } from "./machine.ts";
import type { VmmSettings } from "./machine.ts";
import type { VmSpec } from "./runtime.ts";

const spec: VmSpec = {
  name: "wrenn-a",
  directory: "/d/vm",
  vcpus: 2,
  memoryMb: 512,
  kernel: { imagePath: "/k/vmlinuz", initrdPath: "/k/initrd", commandLine: "wrenn.emulated=1" },
  overlayPath: "/l/top.qcow2",
  drivePaths: ["/g/drive,1.ext4"],
  network: { namespace: "wrenn-abc-1", tapName: "tap0", macAddress: "02:fc:00:00:00:05" },
  jail: { uid: 70_001, gid: 70_001, memoryGid: 72_047 },
  baseMemoryPath: "/dev/loop7",
};

/** The values given to one option, in order. */
const valuesOf = (argv: string[], option: string): string[] =>
  argv.flatMap((argument, index) => (argument === option ? (argv[index + 1] ?? []) : []));

const emulated = { accelerator: "tcg", tscKhz: 2_596_150 } as const;
const accelerated = { accelerator: "kvm", tscKhz: null } as const;
const cold = qemuArguments(spec, emulated, { controlFd: 3, kernel: spec.kernel });
const restored = qemuArguments(spec, emulated, { controlFd: 3, kernel: null });

describe("qemuArguments()", () => {
  test("a cold boot has a kernel, a restore waits for its state; neither runs before it is told to", () => {
    expect(valuesOf(cold, "-kernel")).toEqual(["/k/vmlinuz"]);
    expect(valuesOf(cold, "-append")[0]).toEndWith("wrenn.emulated=1");
    expect(valuesOf(restored, "-incoming")).toEqual(["defer"]);
    expect(restored).not.toContain("-kernel");
  });

  test("a restore differs from a cold boot in nothing else: saved state fits the machine only so", () => {
    const common = cold.slice(0, cold.indexOf("-kernel"));
    expect(restored.slice(0, common.length)).toEqual(common);
    expect(common.at(-1)).toBe("-S");
    expect(restored.slice(common.length)).toEqual(["-incoming", "defer"]);
  });

  test("device state without memory needs both of its switches", () => {
    expect(valuesOf(cold, "-M")[0]?.split(",")).toContain("suppress-vmdesc=on");
    expect(valuesOf(cold, "-global")).toEqual(["migration.send-configuration=off"]);
  });

  test("guest memory is a private mapping of the base, never merged between guests, never in core files", () => {
    expect(valuesOf(cold, "-object")).toEqual([
      "memory-backend-file,id=mem,size=512M,mem-path=/dev/loop7,share=off",
    ]);
    expect(valuesOf(cold, "-M")[0]).toContain("mem-merge=off,dump-guest-core=off");
  });

  test("no overlay is named: it is put in when it is known whose machine it is", () => {
    expect(cold.join(" ")).not.toContain("/l/top.qcow2");
  });

  test("disks keep their order from the highest bus down; commas in paths do not split the option", () => {
    expect(valuesOf(cold, "-drive")).toEqual([
      "id=drive0,if=none,file=/g/drive,,1.ext4,format=raw,cache=writeback,readonly=on",
    ]);
    expect(valuesOf(cold, "-device").filter((device) => device.includes("blk"))).toEqual([
      "virtio-blk-device,drive=root,write-cache=on,bus=virtio-mmio-bus.23",
      "virtio-blk-device,drive=drive0,bus=virtio-mmio-bus.22",
    ]);
  });

  test("no device is on bus 0, whose interrupts get lost", () => {
    for (const device of valuesOf(cold, "-device")) expect(device).not.toEndWith("bus.0");
  });

  test("five-level page tables are off and the emulator's code cache is limited", () => {
    expect(valuesOf(cold, "-cpu")).toEqual(["max,-la57"]);
    expect(valuesOf(cold, "-accel")).toEqual(["tcg,thread=multi,tb-size=64"]);
    expect(valuesOf(qemuArguments(spec, accelerated, { controlFd: 3, kernel: null }), "-accel")).toEqual([
      "kvm",
    ]);
  });

  test("QEMU may start nothing and change nothing about itself", () => {
    const [sandbox = ""] = valuesOf(cold, "-sandbox");
    for (const right of ["obsolete", "elevateprivileges", "spawn", "resourcecontrol"]) {
      expect(sandbox).toContain(`${right}=deny`);
    }
  });
});

describe("kernelCommandLine()", () => {
  const words = (settings: VmmSettings) => kernelCommandLine("", settings).split(" ");

  test("tells an emulated guest the speed of its clock, where it is known", () => {
    expect(words(emulated)).toContain("tsc_early_khz=2596150");
    expect(words(emulated)).toContain("tsc=reliable");
    expect(words({ ...emulated, tscKhz: null }).join()).not.toContain("tsc");
    expect(words({ ...accelerated, tscKhz: 1 }).join()).not.toContain("tsc");
  });
});

test("jailed() enters the namespace, then drops every right but one", () => {
  expect(jailed(spec, ["qemu"])).toEqual([
    "nsenter",
    "--net=/run/netns/wrenn-abc-1",
    "setpriv",
    "--reuid=70001",
    "--regid=70001",
    "--groups=72047",
    "--no-new-privs",
    "qemu",
  ]);
});
