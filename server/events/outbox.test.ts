import { describe, expect, test } from "bun:test";

import { frameOf } from "./frame.ts";
import { Outbox } from "./outbox.ts";

const frame = (n: number): string => frameOf("key", { n });
const SIZE = frame(0).length;

describe("an outbox", () => {
  test("gives all that waits, the id with the last of it", async () => {
    const outbox = new Outbox();
    outbox.put([frame(1), frame(2)], "a");
    outbox.put([frame(3)], "b");
    expect(await outbox.take()).toBe(`${frame(1)}id: a\n${frame(2)}id: b\n${frame(3)}`);
    expect(outbox.isEmpty).toBe(true);
  });

  test("wakes whoever waits to read", async () => {
    const outbox = new Outbox();
    const taken = outbox.take();
    outbox.put([frame(1)], "a");
    expect(await taken).toBe(`id: a\n${frame(1)}`);
  });

  test("of a client that does not read holds no more than its bound, then one word to fetch anew", async () => {
    const outbox = new Outbox({ maxWaiting: 10 * SIZE });
    for (let n = 0; n < 1_000; n += 1) outbox.put([frame(n % 10)], String(n));
    expect(await outbox.take()).toBe('id: 999\nevent: resync\ndata: {"reason":"slow"}\n\n');
    outbox.put([frame(1)], "1000");
    expect(await outbox.take()).toBe(`id: 1000\n${frame(1)}`);
  });

  test("takes one reading that is larger than its bound when nothing else waits", async () => {
    const outbox = new Outbox({ maxWaiting: 10 * SIZE });
    outbox.put(
      Array.from({ length: 50 }, () => frame(1)),
      "a",
    );
    expect((await outbox.take())?.match(/event: key/g)).toHaveLength(50);
  });

  test("moves its reader on while nothing is for it, and only then", async () => {
    const outbox = new Outbox();
    outbox.keepAlive("a");
    expect(await outbox.take()).toBe("id: a\n: keepalive\n\n");
    outbox.put([frame(1)], "b");
    outbox.keepAlive("c");
    expect(await outbox.take()).toBe(`id: b\n${frame(1)}`);
  });

  test("ends with its last word alone, and takes nothing any more", async () => {
    const outbox = new Outbox();
    outbox.put([frame(1)], "a");
    outbox.end("event: auth\ndata: {}\n\n");
    outbox.put([frame(2)], "b");
    outbox.resync("too_many", "c");
    expect(await outbox.take()).toBe("event: auth\ndata: {}\n\n");
    expect(await outbox.take()).toBeNull();
  });

  test("lets go of whoever waits when it ends", async () => {
    const outbox = new Outbox();
    const taken = outbox.take();
    outbox.end();
    expect(await taken).toBeNull();
  });
});
