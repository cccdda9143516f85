/**
 * A small real guest for the tests of the VM runtime: the distribution's kernel and a RAM disk with busybox
 * that counts, serves commands over HTTP and writes to its disk. No template, no guest agent.
 */
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { ensureKernelSource } from "../../agent/images/kernel-package.ts";
import { openLayout } from "../../agent/images/layout.ts";
import { attachReadOnly, detachUnder } from "../../agent/images/loop-device.ts";
import { writeCpio } from "../../agent/system/cpio.ts";
import { run } from "../../agent/system/exec.ts";
import { measureTscKhz } from "../../agent/system/time-stamp-counter.ts";
import type { VmmSettings } from "../../agent/vm/machine.ts";
import type { VmSpec } from "../../agent/vm/runtime.ts";
import { endStrays } from "../../agent/vm/strays.ts";

export const MEMORY_MB = 128;
const UID = 61_717;
const PORT = 49_983;

const INIT = `#!/bin/busybox sh
B=/bin/busybox
$B mount -t proc proc /proc; $B mount -t devtmpfs dev /dev
for m in /modules/*; do $B insmod $m; done
$B ip addr add 169.254.0.21/30 dev eth0; $B ip link set eth0 up
$B --install -s /bin
(i=0; while true; do i=$((i+1)); echo $i > /count; sleep 0.02; done) &
httpd -p ${PORT} -h /www
echo guest-is-up > /dev/console
while true; do sleep 1000; done
`;

const RUN_CGI = `#!/bin/sh
echo "Content-Type: text/plain"; echo
cat > /command; sh /command 2>&1
`;

/** Directories of one test file, its network namespace and its kernel. `dispose` leaves nothing. */
export interface Bench {
  directory: string;
  kernelPath: string;
  /** Loop device over zeroes: the base memory of a cold boot. */
  zeroMemory: string;
  spec(name: string, overrides?: Partial<VmSpec>): VmSpec;
  /** A disk of 64 MB for the jailed uid, on `backing` when given. */
  disk(name: string, backing?: string): Promise<string>;
  /** A read-only loop device over `file`. */
  device(file: string): Promise<string>;
  /** Runs a shell command inside the guest; null when it does not answer in time. */
  ask(command: string, timeoutMs?: number): Promise<string | null>;
  /** Processes left under this bench, ended now. */
  endAll(): Promise<number>;
  dispose(): Promise<void>;
}

const busyboxPath = (): string => Bun.which("busybox") ?? "/bin/busybox";

const buildInitrd = (modulesDirectory: string): Uint8Array => {
  const modules = readdirSync(modulesDirectory).sort();
  const file = (path: string, content: string | Uint8Array) => ({
    path,
    mode: 0o755,
    content: Buffer.from(content),
  });
  return writeCpio([
    ...["bin", "dev", "proc", "modules", "www", "www/cgi-bin"].map((path) => ({ path, mode: 0o755 })),
    file("bin/busybox", readFileSync(busyboxPath())),
    file("init", INIT),
    file("www/cgi-bin/run", RUN_CGI),
    ...modules.map((name) => file(`modules/${name}`, readFileSync(join(modulesDirectory, name)))),
  ]);
};

const makeNamespace = async (name: string): Promise<void> => {
  await run(["ip", "netns", "add", name]);
  await run(["ip", "-n", name, "tuntap", "add", "tap0", "mode", "tap", "user", String(UID)]);
  await run(["ip", "-n", name, "addr", "add", "169.254.0.22/30", "dev", "tap0"]);
  await run(["ip", "-n", name, "link", "set", "tap0", "up"]);
};

/** Asked from inside the namespace, by a process of its own: this one cannot change its namespace. */
const FETCH = `const [url, body] = process.argv.slice(1);
const answer = await fetch(url, { method: "POST", body });
process.stdout.write(await answer.text());`;

export const openBench = async (): Promise<Bench> => {
  const directory = mkdtempSync(join(process.env["WRENN_TEST_DIR"] ?? tmpdir(), "vm-"));
  chmodSync(directory, 0o711);
  const layout = await openLayout(join(directory, "wrenn"));
  const { directory: kernelDirectory } = await ensureKernelSource(layout);
  const kernelPath = join(directory, "vmlinuz");
  const initrdPath = join(directory, "initrd");
  writeFileSync(kernelPath, readFileSync(join(kernelDirectory, "vmlinuz")));
  writeFileSync(initrdPath, buildInitrd(join(kernelDirectory, "modules")));
  const namespace = `wrenn-vmtest-${layout.instanceId}`;
  await makeNamespace(namespace);
  const zero = join(directory, "zero.mem");
  writeFileSync(zero, "");
  await run(["truncate", "--size", `${MEMORY_MB}M`, zero]);
  const zeroMemory = await attachReadOnly(zero);

  const bench: Bench = {
    directory,
    kernelPath,
    zeroMemory,
    spec: (name, overrides = {}) => ({
      name,
      directory: join(directory, name),
      vcpus: 1,
      memoryMb: MEMORY_MB,
      kernel: { imagePath: kernelPath, initrdPath, commandLine: "" },
      disks: [],
      network: { namespace, tapName: "tap0", macAddress: "02:fc:00:00:00:05" },
      jail: { uid: UID, gid: UID },
      baseMemoryPath: zeroMemory,
      ...overrides,
    }),
    disk: async (name, backing) => {
      const path = join(directory, `${name}.qcow2`);
      const on = backing === undefined ? ["64M"] : [];
      const below = backing === undefined ? [] : ["-b", backing, "-F", "qcow2"];
      await run(["qemu-img", "create", "-q", "-f", "qcow2", ...below, path, ...on]);
      chownSync(path, UID, UID);
      return path;
    },
    device: attachReadOnly,
    ask: async (command, timeoutMs = 10_000) => {
      const url = `http://169.254.0.21:${PORT}/cgi-bin/run`;
      const argv = ["nsenter", `--net=/run/netns/${namespace}`, process.execPath, "-e", FETCH, url, command];
      return run(argv, { timeoutMs }).then(
        (text) => text.trim(),
        () => null,
      );
    },
    endAll: () => endStrays({ root: directory, keepPids: new Set() }),
    dispose: async () => {
      await bench.endAll();
      await run(["ip", "netns", "del", namespace]);
      await detachUnder(directory);
      rmSync(directory, { recursive: true, force: true });
    },
  };
  mkdirSync(join(directory, "saved"));
  return bench;
};

/** Emulated everywhere: the tests are about the runtime, not about the machine they run on. */
export const testSettings = async (): Promise<VmmSettings> => ({
  accelerator: "tcg",
  tscKhz: await measureTscKhz(),
});

/** Waits until `probe` gives something; fails past the deadline. */
export const until = async <T>(
  what: string,
  probe: () => Promise<T | null | false>,
  timeoutMs = 20_000,
): Promise<T> => {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const found = await probe();
    if (found !== null && found !== false) return found;
    if (performance.now() > deadline) throw new Error(`${what}: not within ${timeoutMs} ms`);
    await Bun.sleep(10);
  }
};
