/**
 * The virtual machine as QEMU's command line: a pure function of what is asked. Saved device state only
 * loads into the very same machine, so any change here that a guest could notice needs a new
 * `MACHINE_DEFINITION`, and old snapshots then resume cold.
 */
import { EMPTY_ROOT, ROOT_NODE } from "./root-disk.ts";
import type { KernelSpec, VmShape } from "./runtime.ts";

/** Part of the runtime id that saved memory must match. */
export const MACHINE_DEFINITION = "wrenn-microvm-1";

export type VmmAccelerator = "kvm" | "tcg";

export interface VmmSettings {
  accelerator: VmmAccelerator;
  /** Speed of the host's time stamp counter; null where it could not be measured. */
  tscKhz: number | null;
}

/** Last part of the guest's console, kept in memory by QEMU: a guest that prints for ever fills no disk. */
export const CONSOLE_ID = "console";
export const CONSOLE_BYTES = 65_536;

/**
 * `la57` off: five-level page tables make every emulated page walk dearer (520 → 354 ms from create to
 * the end of a first command). `tb-size`: the code cache is per VM and private (MB).
 */
const CPU = "max,-la57";
const ACCELERATORS: Record<VmmAccelerator, string> = { kvm: "kvm", tcg: "tcg,thread=multi,tb-size=64" };

const COMMON_KERNEL_LINE = [
  "console=ttyS0",
  "quiet",
  // A panic becomes a reset, and a reset ends the VM.
  "panic=-1",
  "reboot=t",
  "random.trust_cpu=on",
];

/**
 * An emulated guest reads the host's time stamp counter, but has to find out its speed, by counting it
 * against the old timer in windows of 10 to 50 ms. On a busy host the virtual processor is away too long
 * in each of them; the kernel then gives the counter up, and as ACPI says "reduced hardware" here it sets
 * up no other clock: it waits for the first tick for ever (last console line: "Marking TSC unstable due to
 * could not calculate TSC khz"). Seen in every boot of a row on two busy cores; told the speed, in none of
 * twenty. Under KVM the hypervisor tells the speed.
 *
 * `tsc=reliable`: no watchdog. It compares the counter with ticks, of which a busy host loses many, blames
 * the counter, and from then on the guest's clock counts ticks: 3 to 20 % too slow.
 */
const timerArguments = ({ accelerator, tscKhz }: VmmSettings): string[] =>
  accelerator === "tcg" && tscKhz !== null ? [`tsc_early_khz=${tscKhz}`, "tsc=reliable"] : [];

/** What the guest kernel is started with. */
export const kernelCommandLine = (extra: string, settings: VmmSettings): string =>
  [...COMMON_KERNEL_LINE, ...timerArguments(settings), extra].join(" ").trim();

/** QEMU splits option values at commas; a doubled one stands for itself. */
const value = (text: string): string => text.replaceAll(",", ",,");

/**
 * `virtio-mmio` buses are named, or the guest's order of devices would be QEMU's affair. The guest finds
 * the highest first, so disks go down from there. Bus 0 is of no use: QEMU's IO-APIC delivers pin 0 as
 * pin 2 (the wiring of the old timer), and its interrupts get lost.
 */
const bus = (index: number): string => `bus=virtio-mmio-bus.${index}`;
const NET_BUS = 1;
const RNG_BUS = 2;
const FIRST_DISK_BUS = 23;

const drives = ({ drivePaths }: VmShape): string[] =>
  drivePaths.flatMap((path, index) => {
    const id = `drive${index}`;
    return [
      ...["-drive", `id=${id},if=none,file=${value(path)},format=raw,cache=writeback,readonly=on`],
      ...["-device", `virtio-blk-device,drive=${id},${bus(FIRST_DISK_BUS - 1 - index)}`],
    ];
  });

const network = ({ tapName, macAddress }: VmShape["network"]): string[] => [
  ...["-netdev", `tap,id=net0,ifname=${value(tapName)},script=no,downscript=no`],
  ...["-device", `virtio-net-device,netdev=net0,mac=${macAddress},${bus(NET_BUS)}`],
];

/** A restored guest is past its boot: leaving kernel and initrd out saves their 15 MB per VM. */
const bootOrLoad = (kernel: KernelSpec | null, settings: VmmSettings): string[] => {
  if (kernel === null) return ["-incoming", "defer"];
  const { imagePath, initrdPath, commandLine } = kernel;
  return ["-kernel", imagePath, "-initrd", initrdPath, "-append", kernelCommandLine(commandLine, settings)];
};

export interface Start {
  /** Inherited descriptor of a listening unix socket for QMP: the jailed process needs no directory it could write to. */
  controlFd: number;
  /** Null: what is saved will be loaded. */
  kernel: KernelSpec | null;
}

/** Arguments after `qemu-system-x86_64`. The guest waits for its disk and `cont`. */
export const qemuArguments = (
  shape: VmShape,
  settings: VmmSettings,
  { controlFd, kernel }: Start,
): string[] => [
  ...["-name", value(shape.name)],
  // Nothing QEMU does later may start a process, change its uid or its scheduling.
  ...["-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"],
  ...["-nodefaults", "-no-user-config", "-display", "none"],
  /*
   * ACPI stays on: Debian's kernel finds virtio-mmio through it only. No merging of equal pages between
   * sandboxes (a side channel), no guest memory in core files. `suppress-vmdesc` and `send-configuration`
   * make device state without memory loadable.
   */
  "-M",
  "microvm,x-option-roms=off,rtc=on,isa-serial=on,suppress-vmdesc=on,memory-backend=mem,mem-merge=off,dump-guest-core=off",
  ...["-global", "migration.send-configuration=off"],
  ...[
    "-accel",
    ACCELERATORS[settings.accelerator],
    "-cpu",
    CPU,
    "-smp",
    String(shape.vcpus),
    "-m",
    `${shape.memoryMb}M`,
  ],
  // A private mapping: what the guest writes never reaches the file, clones share its page cache.
  "-object",
  `memory-backend-file,id=mem,size=${shape.memoryMb}M,mem-path=${value(shape.baseMemoryPath)},share=off`,
  // A reset or power-off by the guest leaves QEMU waiting, so that the console can still be read.
  ...["-action", "reboot=shutdown,shutdown=pause"],
  ...["-chardev", `ringbuf,id=${CONSOLE_ID},size=${CONSOLE_BYTES}`, "-serial", `chardev:${CONSOLE_ID}`],
  ...["-chardev", `socket,id=qmp,fd=${controlFd},server=on,wait=off`, "-mon", "chardev=qmp,mode=control"],
  ...network(shape.network),
  ...["-device", `virtio-rng-device,${bus(RNG_BUS)}`],
  ...EMPTY_ROOT,
  ...["-device", `virtio-blk-device,drive=${ROOT_NODE},write-cache=on,${bus(FIRST_DISK_BUS)}`],
  ...drives(shape),
  "-S",
  ...bootOrLoad(kernel, settings),
];

/** Enters the network namespace and drops every right but that to base memory before QEMU starts. */
export const jailed = ({ network: { namespace }, jail }: VmShape, argv: string[]): string[] => [
  // Not `ip netns exec`: that makes a mount namespace too and costs 5 ms more.
  ...["nsenter", `--net=/run/netns/${namespace}`],
  ...["setpriv", `--reuid=${jail.uid}`, `--regid=${jail.gid}`],
  ...[`--groups=${jail.memoryGid}`, "--no-new-privs"],
  ...argv,
];
