/** Machines whose agent was killed: adopted by the next one, or swept. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";

import type { VmRecord } from "../../../agent/vm/runtime.ts";
import { endStrays } from "../../../agent/vm/strays.ts";
import { openBench } from "./bench.ts";
import type { Bench } from "./bench.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
}, 120_000);
afterEach(() => bench.endAll());
afterAll(() => bench.dispose());

const QEMU_MODULE = join(import.meta.dir, "../../../agent/vm/qemu.ts");

describe("a VM that outlives its agent", () => {
  /** Starts a VM in a process that is then killed without warning. */
  const orphan = async (name: string): Promise<VmRecord> => {
    const { spec, saved: state } = await bench.template();
    const script = `import { createQemuRuntime } from ${JSON.stringify(QEMU_MODULE)};
      const runtime = createQemuRuntime(${JSON.stringify(bench.identity)});
      const [spec, saved] = JSON.parse(process.argv[1]);
      const vm = await runtime.restore(spec, saved);
      await vm.resume();
      console.log(JSON.stringify(vm.record));
      setInterval(() => {}, 1000);`;
    const parent = Bun.spawn([process.execPath, "-e", script, JSON.stringify([spec(name), state])], {
      stdout: "pipe",
    });
    const { value } = await parent.stdout.getReader().read();
    const record: VmRecord = JSON.parse(Buffer.from(value ?? []).toString());
    parent.kill("SIGKILL");
    await parent.exited;
    return record;
  };

  test("is adopted, can be saved, resumed and ended", async () => {
    const record = await orphan("orphan");
    const vm = await bench.runtime.adopt(record);
    if (vm === null) throw new Error("the VM did not survive its agent");
    expect(await vm.isRunning()).toBe(true);
    await bench.answering();
    const saved = await bench.pause(vm, "orphan");
    expect(await bench.runtime.adopt(record)).toBeNull();
    const { spec } = await bench.template();
    const again = await bench.runtime.restore(spec("orphan"), saved);
    await again.resume();
    await bench.answering();
  });

  test("is seen to die", async () => {
    const record = await orphan("doomed");
    const vm = await bench.runtime.adopt(record);
    process.kill(record.pid, "SIGKILL");
    expect((await vm?.exited)?.reason).toBe("vm_died");
  });

  test("is not mistaken for another process with its pid", async () => {
    const vm = await bench.clone("reused");
    expect(await bench.runtime.adopt({ ...vm.record, startTicks: vm.record.startTicks - 1 })).toBeNull();
    expect(await vm.isRunning()).toBe(true);
  });

  test("is swept when no journal speaks for it, loaded or not", async () => {
    const { spec, saved } = await bench.template();
    const loaded = await bench.runtime.restore(spec("unknown"), saved);
    const kept = new Set([loaded.record.pid]);
    expect(await endStrays({ root: bench.directory, keepPids: kept })).toBe(0);
    expect(await loaded.isRunning()).toBe(false);
    expect(await endStrays({ root: bench.directory, keepPids: new Set() })).toBe(1);
    expect((await loaded.exited).reason).toBe("vm_died");
  });
});
