/** A guest's disks: their order, a new overlay under way, a full host. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";

import { digestFile } from "../../../agent/system/digest.ts";
import { run } from "../../../agent/system/exec.ts";
import { waitFor } from "../../support/wait-for.ts";
import { openBench } from "./bench.ts";
import type { Bench } from "./bench.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
}, 120_000);
afterEach(() => bench.endAll());
afterAll(() => bench.dispose());

describe("disks", () => {
  test("go on in a new overlay, and the old one stays as it was", async () => {
    const first = await bench.disk("first");
    const spec = bench.spec("overlay", first);
    const vm = await bench.boot(spec);
    const put = (text: string, block: number) =>
      bench.ask(
        `printf ${text} | dd of=/dev/vda bs=512 seek=${block} conv=fsync,notrunc 2>/dev/null; echo done`,
      );
    expect(await put("before", 0)).toBe("done");
    const second = await bench.disk("second", first);
    await vm.stop();
    await vm.switchOverlay(second);
    await vm.resume();
    const digest = await digestFile(first);
    expect(await put("after-", 0)).toBe("done");
    const saved = await bench.pause(vm, "overlay");
    expect(await digestFile(first)).toBe(digest);
    const restored = await bench.runtime.restore(bench.spec("overlay", second), saved);
    await restored.resume();
    expect(await bench.ask("head -c 6 /dev/vda")).toBe("after-");
  });

  test("on a full host freeze the guest, which goes on when there is space again", async () => {
    const small = join(bench.directory, "small-disk");
    await run(["mkdir", small]);
    await run(["mount", "-t", "tmpfs", "-o", "size=2M,mode=711", "tmpfs", small]);
    try {
      const vm = await bench.boot(bench.spec("enospc", await bench.disk("small-disk/full")));
      const written = bench.ask("dd if=/dev/zero of=/dev/vda bs=1M count=8 conv=fsync 2>&1", 30_000);
      await waitFor("the guest to be frozen", async () => !(await vm.isRunning()), 20_000);
      await run(["mount", "-o", "remount,size=64M", small]);
      expect(await written).toContain("8+0 records out");
      await vm.quit();
    } finally {
      await run(["umount", "--lazy", small]);
    }
  });

  test("are named in the order given", async () => {
    const [first, ...others] = await Promise.all(["a", "b", "c"].map((name) => bench.disk(name)));
    await bench.boot(bench.spec("order", first, others));
    await bench.ask("mkdir -p /sys; mount -t sysfs s /sys");
    expect(await bench.ask("cat /sys/block/vda/ro /sys/block/vdb/ro /sys/block/vdc/ro")).toBe("0\n1\n1");
  });
});
