/**
 * Directories for agents under test. Building `minimal` takes a minute: it is done once for each
 * executable and handed on by hard links, which is sound because what is shared never changes in place.
 */
import { access, chmod, mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createLayout } from "../../agent/images/layout.ts";
import { detachUnder } from "../../agent/images/loop-device.ts";
import { HostSlotPool } from "../../agent/net/slot-pool.ts";
import { run } from "../../agent/system/exec.ts";
import { Locked, lockFile } from "../../agent/system/flock.ts";
import { endStrays } from "../../agent/vm/strays.ts";
import { removeLinks } from "../../server/up/links/links.ts";
import { linkLabel } from "../../server/up/links/plan.ts";
import { seedHost } from "../../server/up/seed-host.ts";

const PREPARE_MS = 20 * 60_000;
const LOCK_POLL_MS = 200;

/** What the run shares (`WRENN_TEST_DIR`), or a folder of its own when a file is run alone. */
export const testDirectory = async (): Promise<string> => {
  const path = process.env["WRENN_TEST_DIR"] ?? join(tmpdir(), `wrenn-test-cache-${process.getuid?.()}`);
  await mkdir(path, { recursive: true, mode: 0o755 });
  await chmod(path, 0o755);
  return path;
};

/** The compiled agent of this run; compiled from the sources when a file is run alone. */
export const agentExecutable = async (): Promise<string> => {
  const given = process.env["WRENN_TEST_AGENT"];
  if (given !== undefined) return given;
  const { buildAgent } = await import("../../server/up/agent-executable.ts");
  return (await buildAgent(join(await testDirectory(), "bin"))).path;
};

/** A fresh empty directory that unprivileged users can pass through. */
export const makeDirectory = async (label: string): Promise<string> => {
  const hosts = join(await testDirectory(), "hosts");
  await mkdir(hosts, { recursive: true, mode: 0o755 });
  const path = await mkdtemp(join(hosts, `${label}-`));
  await chmod(path, 0o711);
  return path;
};

/** Ends what runs under `directory` and gives back what it had of the machine; its files stay. */
const releaseDirectory = async (directory: string): Promise<void> => {
  await endStrays({ root: directory, keepPids: new Set() });
  const { instanceId } = createLayout(directory);
  const slots = await HostSlotPool.open({
    instanceId,
    egressAllow: [],
    spareSlots: 0,
    onBackgroundError: () => {},
  });
  await slots.sweep(new Set());
  await slots.destroy();
  await removeLinks(linkLabel(directory), "all");
  await detachUnder(directory);
};

/** Removes every trace of `directory` from the machine. */
export const removeDirectory = async (directory: string): Promise<void> => {
  await releaseDirectory(directory);
  await rm(directory, { recursive: true, force: true });
};

const withLock = async <T>(path: string, work: () => Promise<T>): Promise<T> => {
  const deadlineMs = Date.now() + PREPARE_MS;
  for (;;) {
    try {
      const lock = lockFile(path);
      try {
        return await work();
      } finally {
        lock.unlock();
      }
    } catch (error) {
      if (!(error instanceof Locked) || Date.now() > deadlineMs) throw error;
    }
    await Bun.sleep(LOCK_POLL_MS);
  }
};

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** What of an earlier executable's directory also serves the next: kernel and root file system. */
const linkReusable = async (base: string, to: string): Promise<void> => {
  for (const earlier of await readdir(base)) {
    if (!(await Bun.file(join(base, earlier, "complete")).exists())) continue;
    await run(["cp", "--archive", "--link", join(base, earlier, "kernels"), to]);
    await run(["cp", "--archive", "--link", join(base, earlier, "cache"), to]);
    await rm(join(to, "cache", "changes.json"), { force: true });
    return;
  }
};

/**
 * A WRENN_DIR that holds `minimal` already. `build` starts an agent on an empty one and resolves when
 * the template is there and the agent has stopped; it is called once per executable.
 */
export const directoryWithMinimal = async (
  label: string,
  executable: string,
  build: (directory: string) => Promise<void>,
): Promise<string> => {
  const base = join(await testDirectory(), "prepared");
  await mkdir(base, { recursive: true, mode: 0o755 });
  const digest = new Bun.CryptoHasher("sha256").update(await Bun.file(executable).bytes()).digest("hex");
  const prepared = join(base, digest.slice(0, 16));
  await withLock(join(base, "lock"), async () => {
    if (await Bun.file(join(prepared, "complete")).exists()) return;
    // What a build that was killed left also holds devices of this machine.
    if (await isThere(prepared)) await removeDirectory(prepared);
    await mkdir(prepared, { mode: 0o711 });
    await linkReusable(base, prepared);
    try {
      await build(prepared);
    } finally {
      await releaseDirectory(prepared);
    }
    await Bun.write(join(prepared, "complete"), "");
  });
  const directory = await makeDirectory(label);
  await seedHost(prepared, directory);
  return directory;
};
