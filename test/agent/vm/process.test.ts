/** The process around a guest: its jail, its start that fails, its end. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync, readlinkSync, statSync } from "node:fs";
import { join } from "node:path";

import { run } from "../../../agent/system/exec.ts";
import { VmFailed } from "../../../agent/vm/runtime.ts";
import { findVmProcesses } from "../../../agent/vm/strays.ts";
import { openBench } from "./bench.ts";
import type { Bench } from "./bench.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
}, 120_000);
afterEach(() => bench.endAll());
afterAll(() => bench.dispose());

describe("the process", () => {
  test("runs in its jail", async () => {
    const spec = (await bench.template()).spec("jail");
    const vm = await bench.clone("jail");
    const proc = (name: string) => readFileSync(`/proc/${vm.record.pid}/${name}`, "utf8");
    const status = proc("status");
    expect(status).toMatch(new RegExp(`^Uid:\\s+${spec.jail.uid}\\s+${spec.jail.uid}`, "m"));
    expect(status).toMatch(new RegExp(`^Groups:\\s+${spec.jail.memoryGid}\\s*$`, "m"));
    expect(status).toMatch(/^CapEff:\s+0+$/m);
    expect(status).toMatch(/^NoNewPrivs:\s+1$/m);
    expect(status).toMatch(/^Seccomp:\s+2$/m);
    expect(proc("oom_score_adj").trim()).toBe("600");
    // Of all that a core file would hold, guest memory is left out ("dd").
    const memory = proc("smaps").split(spec.baseMemoryPath)[1] ?? "";
    expect(/^VmFlags:.*$/m.exec(memory)?.[0]).toMatch(/ dd( |$)/);
    expect(proc("environ")).not.toContain("WRENN");
    expect(readlinkSync(`/proc/${vm.record.pid}/ns/net`)).not.toBe(readlinkSync("/proc/self/ns/net"));
    expect(statSync(spec.directory).uid).toBe(0);
    expect(statSync(spec.directory).mode & 0o777).toBe(0o700);
  });

  test("opens base memory as a member of its group, as no other user can, and cannot write to it", async () => {
    const { baseMemoryPath, jail } = (await bench.template()).spec("memory");
    const copy = (groups: string, ...operands: string[]) =>
      run([
        ...["setpriv", `--reuid=${jail.uid}`, `--regid=${jail.gid}`, groups, "--no-new-privs"],
        ...["dd", "bs=4096", "count=1", ...operands],
      ]).then(
        () => "copied",
        (error: unknown) => String(error),
      );
    const member = `--groups=${jail.memoryGid}`;
    const read = [`if=${baseMemoryPath}`, "of=/dev/null"];
    expect(await copy(member, ...read)).toBe("copied");
    expect(await copy("--clear-groups", ...read)).toContain("Permission denied");
    expect(await copy(member, "if=/dev/zero", `of=${baseMemoryPath}`, "conv=notrunc,fsync")).toContain(
      "Operation not permitted",
    );
  });

  test("killed from outside is seen, with the signal", async () => {
    const vm = await bench.clone("killed");
    process.kill(vm.record.pid, "SIGKILL");
    const exit = await vm.exited;
    expect(exit.reason).toBe("vm_died");
    expect(exit.detail).toContain("SIGKILL");
    const failure = await vm.stop().catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: "VmFailed", code: "control_lost" });
  });

  test("ends when the guest powers itself off, and says so", async () => {
    const vm = await bench.clone("poweroff");
    await bench.ask("(sleep 0.1; poweroff -f) &", 2_000);
    expect((await vm.exited).detail).toContain("powered itself off");
  });

  test("that cannot start gives QEMU's own words and leaves nothing", async () => {
    const missing = join(bench.directory, "missing.qcow2");
    const failure = await bench.runtime.boot(bench.spec("bad", missing)).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(VmFailed);
    expect(failure).toMatchObject({ code: "start_failed" });
    expect(String(failure)).toContain("missing.qcow2");
    expect(findVmProcesses(bench.directory)).toEqual([]);
  });
});
