/** What the tests of the VM runtime share: a directory, a network namespace, a runtime and a guest to run. */
import { chownSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { chmod, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";

import { ensureKernelSource } from "../../../agent/images/kernel-package.ts";
import { instanceIdOf, openLayout } from "../../../agent/images/layout.ts";
import { attachReadOnly, detachUnder } from "../../../agent/images/loop-device.ts";
import { mergeMemory } from "../../../agent/sandboxes/merge-memory.ts";
import { run } from "../../../agent/system/exec.ts";
import { measureTscKhz } from "../../../agent/system/time-stamp-counter.ts";
import { createQemuRuntime } from "../../../agent/vm/qemu.ts";
import type { QemuIdentity } from "../../../agent/vm/qemu.ts";
import { EMPTY_DIFF_DIGEST } from "../../../agent/vm/runtime.ts";
import type { SavedMemory, Vm, VmRuntime, VmSpec } from "../../../agent/vm/runtime.ts";
import { endStrays } from "../../../agent/vm/strays.ts";
import { makeDirectory, testDirectory } from "../../support/agent-directory.ts";
import { waitFor } from "../../support/wait-for.ts";
import { buildGuestInitrd, GUEST_PORT } from "./guest.ts";

const MEMORY_MB = 128;
const UID = 61_717;
const MEMORY_GID = 61_718;
const ANSWER_MS = 60_000;

/** A guest that was booted once: a test that starts from it waits a tenth as long. */
export interface Template {
  /** File of the base memory. */
  path: string;
  saved: SavedMemory;
  spec(name: string): VmSpec;
}

export interface Bench {
  directory: string;
  kernelPath: string;
  runtime: VmRuntime;
  identity: QemuIdentity;
  /** A machine on zeroed memory, with an empty disk where none is given, and further ones to read. */
  spec(name: string, overlayPath?: string | null, drivePaths?: string[]): VmSpec;
  /** With an empty disk, and so much memory. */
  specOfSize(name: string, memoryMb: number): Promise<VmSpec>;
  /** A writable disk of 64 MB, on `backing` when given. */
  disk(name: string, backing?: string): Promise<string>;
  template(): Promise<Template>;
  /** Boots; the guest answers when this resolves. */
  boot(spec: VmSpec): Promise<Vm>;
  /** A running guest from the template. */
  clone(name: string): Promise<Vm>;
  /** Where `pause` puts what it saves. */
  savedFiles(name: string): { diffPath: string; deviceStatePath: string };
  pause(vm: Vm, name: string): Promise<SavedMemory>;
  answering(): Promise<void>;
  /** What a shell command printed inside the guest; null when it does not answer in time. */
  ask(command: string, timeoutMs?: number): Promise<string | null>;
  /** Ends every VM of this bench and tells how many there were. */
  endAll(): Promise<number>;
  /** Leaves nothing. */
  dispose(): Promise<void>;
}

const makeNamespace = async (name: string): Promise<void> => {
  await run(["ip", "netns", "add", name]);
  await run(["ip", "-n", name, "tuntap", "add", "tap0", "mode", "tap", "user", String(UID)]);
  await run(["ip", "-n", name, "addr", "add", "169.254.0.22/30", "dev", "tap0"]);
  await run(["ip", "-n", name, "link", "set", "tap0", "up"]);
};

/** The distribution's kernel, fetched once per test run, and the guest's RAM disk, readable by the jail. */
const bootFiles = async (directory: string): Promise<{ imagePath: string; initrdPath: string }> => {
  const shared = await openLayout(join(await testDirectory(), "vm-kernel"));
  // Two test files may fetch it at the same time: who comes second finds what the first one made.
  const source = await ensureKernelSource(shared).catch(() => ensureKernelSource(shared));
  const [imagePath, initrdPath] = [join(directory, "vmlinuz"), join(directory, "initrd")];
  writeFileSync(imagePath, readFileSync(join(source.directory, "vmlinuz")));
  writeFileSync(initrdPath, buildGuestInitrd(join(source.directory, "modules")));
  return { imagePath, initrdPath };
};

const emptyMemory = async (directory: string, memoryMb: number): Promise<string> => {
  const path = join(directory, `zero-${memoryMb}.mem`);
  await Bun.write(path, "");
  truncateSync(path, memoryMb * 2 ** 20);
  return attachReadOnly(path, MEMORY_GID);
};

/** Asked from inside the namespace, by a process of its own: this one cannot change its namespace. */
const FETCH = `const [url, body] = process.argv.slice(1);
const answer = await fetch(url, { method: "POST", body });
process.stdout.write(await answer.text());`;

const askIn = async (namespace: string, command: string, timeoutMs: number): Promise<string | null> => {
  const url = `http://169.254.0.21:${GUEST_PORT}/cgi-bin/run`;
  const argv = ["nsenter", `--net=/run/netns/${namespace}`, process.execPath, "-e", FETCH, url, command];
  return run(argv, { timeoutMs }).then(
    (text) => text.trim(),
    () => null,
  );
};

/** Emulated everywhere: the tests are about the runtime, not about the machine they run on. */
const testIdentity = async (): Promise<QemuIdentity> => ({
  accelerator: "tcg",
  tscKhz: await measureTscKhz(),
  qemuVersion: "7.2",
  cpuModel: "max",
});

export const openBench = async (): Promise<Bench> => {
  const directory = await makeDirectory("vm");
  await chmod(directory, 0o711);
  await mkdir(join(directory, "saved"));
  const namespace = `wrenn-vmtest-${instanceIdOf(directory)}`;
  await makeNamespace(namespace);
  const kernel = { ...(await bootFiles(directory)), commandLine: "" };
  const zeroMemory = await emptyMemory(directory, MEMORY_MB);
  const identity = await testIdentity();
  const runtime = createQemuRuntime(identity);
  let made: Promise<Template> | null = null;

  const specOn = (name: string, baseMemoryPath: string): VmSpec => ({
    name,
    directory: join(directory, name),
    vcpus: 1,
    memoryMb: MEMORY_MB,
    kernel,
    overlayPath: null,
    drivePaths: [],
    network: { namespace, tapName: "tap0", macAddress: "02:fc:00:00:00:05" },
    jail: { uid: UID, gid: UID, memoryGid: MEMORY_GID },
    baseMemoryPath,
  });
  const makeTemplate = async (): Promise<Template> => {
    const saved = await bench.pause(await bench.boot(bench.spec("template")), "template");
    const path = join(directory, "template.mem");
    await mergeMemory({ basePath: null, saved, memoryMb: MEMORY_MB, targetPath: path });
    const device = await attachReadOnly(path, MEMORY_GID);
    const untouched = { ...saved, runs: [], diffPath: "/nowhere", diffDigest: EMPTY_DIFF_DIGEST };
    return { path, saved: untouched, spec: (name) => specOn(name, device) };
  };
  const bench: Bench = {
    directory,
    kernelPath: kernel.imagePath,
    runtime,
    identity,
    spec: (name, overlayPath = null, drivePaths = []) => ({
      ...specOn(name, zeroMemory),
      overlayPath,
      drivePaths,
    }),
    specOfSize: async (name, memoryMb) => ({
      ...specOn(name, await emptyMemory(directory, memoryMb)),
      memoryMb,
    }),
    disk: async (name, backing) => {
      const path = join(directory, `${name}.qcow2`);
      const size = backing === undefined ? ["64M"] : [];
      const below = backing === undefined ? [] : ["-b", backing, "-F", "qcow2"];
      await run(["qemu-img", "create", "-q", "-f", "qcow2", ...below, path, ...size]);
      chownSync(path, UID, UID);
      return path;
    },
    template: () => (made ??= makeTemplate()),
    boot: async (spec) => {
      const vm = await runtime.boot(spec);
      await bench.answering();
      return vm;
    },
    clone: async (name) => {
      const { saved, spec } = await bench.template();
      const vm = await runtime.restore(spec(name), saved);
      await vm.resume();
      await bench.answering();
      return vm;
    },
    savedFiles: (name) => ({
      diffPath: join(directory, "saved", `${name}.diff`),
      deviceStatePath: join(directory, "saved", `${name}.device`),
    }),
    pause: async (vm, name) => {
      await vm.stop();
      const saved = await vm.save(bench.savedFiles(name));
      await vm.quit();
      return saved;
    },
    answering: () =>
      waitFor("an answer of the guest", async () => (await bench.ask("echo ok", 2_000)) === "ok", ANSWER_MS),
    ask: (command, timeoutMs = 20_000) => askIn(namespace, command, timeoutMs),
    endAll: () => endStrays({ root: directory, keepPids: new Set() }),
    dispose: async () => {
      await bench.endAll();
      await run(["ip", "netns", "del", namespace]);
      await detachUnder(directory);
      await rm(directory, { recursive: true, force: true });
    },
  };
  return bench;
};
