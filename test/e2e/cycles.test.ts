/** Fifty times paused and resumed: no byte, no count and no block of disk goes astray. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";

import { Product } from "../support/product.ts";
import { diskBytes } from "../support/traces.ts";
import { waitFor } from "../support/wait-for.ts";

setDefaultTimeout(300_000);

const CYCLES = 50;
/** By then the guest has read its file into memory, which is saved with the rest. */
const SETTLED = 10;
const MIB = 2 ** 20;
const FILE_MB = 40;

/** Counts in its memory and shows the count; the word is nowhere but in that memory. */
const COUNTER = `
import os, time
word, count = os.urandom(8).hex(), 0
while True:
    count += 1
    with open("/dev/shm/new", "w") as shown:
        shown.write(f"{os.getpid()} {word} {count}")
    os.rename("/dev/shm/new", "/dev/shm/count")
    time.sleep(0.02)
`;

let product: Product;
beforeAll(async () => {
  product = await Product.start();
});
afterAll(() => product[Symbol.asyncDispose]());

test(`${CYCLES} cycles with a counting process and ${FILE_MB} MB of random data`, async () => {
  const { api, agent } = product;
  const id = await api.create({ timeout_sec: 0 });
  await api.run(id, `cat > count.py <<'END'\n${COUNTER}\nEND`);
  await api.run(id, "setsid python3 count.py </dev/null >/dev/null 2>&1 &");
  await waitFor("it counts", async () => (await api.run(id, "cat /dev/shm/count || true")) !== "", 20_000);
  const made = await api.run(
    id,
    `head -c ${FILE_MB}M /dev/urandom > data && sync && cksum data && cat /dev/shm/count`,
  );
  const [digest = "", shown = ""] = made.split("\n");
  const [pid, word, first] = shown.split(" ");
  let last = Number(first);
  expect(digest).toMatch(new RegExp(`^\\d+ ${FILE_MB * MIB} data$`));

  const pausedBytes: number[] = [];
  for (let cycle = 0; cycle < CYCLES; cycle++) {
    expect(await api.pause(id)).toMatchObject({ status: "paused", memory_kept: true });
    pausedBytes.push(await diskBytes(agent.directory));
    expect(await api.resume(id)).toMatchObject({ status: "running" });
    const [sum, now = ""] = (await api.run(id, "cksum data; cat /dev/shm/count")).split("\n");
    const [nowPid, nowWord, count] = now.split(" ");
    expect([cycle, sum, nowPid, nowWord]).toEqual([cycle, digest, pid, word]);
    expect(Number(count)).toBeGreaterThan(last);
    last = Number(count);
  }
  const settled = pausedBytes[SETTLED] ?? 0;
  const grownMb = (Math.max(...pausedBytes.slice(SETTLED)) - settled) / MIB;
  // A copy of the file, or of what was saved before, would be at least 40.
  expect(grownMb).toBeLessThan(8);
  await api.remove(id);
});
