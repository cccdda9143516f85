import { expect, test } from "bun:test";

import { readEventStream, type StreamedEvent } from "./event-stream.ts";

const read = async (...chunks: string[]): Promise<StreamedEvent[]> => {
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start: (controller) => {
      for (const chunk of chunks) controller.enqueue(new TextEncoder().encode(chunk));
      controller.close();
    },
  });
  return Array.fromAsync(readEventStream(body));
};

test("events come whole, however they were cut", async () => {
  const text = 'id: 7\nevent: sandbox\ndata: {"a":1}\n\n: a comment\n\ndata: one\ndata: two\n\n';
  const whole = [
    { id: "7", event: "sandbox", data: '{"a":1}' },
    // The id stays until there is another one.
    { id: "7", event: "message", data: "one\ntwo" },
  ];
  expect(await read(text)).toEqual(whole);
  expect(await read(...text.split(""))).toEqual(whole);
  expect(await read(...text.replaceAll("\n", "\r\n").split(""))).toEqual(whole);
});

test("a block without data is none, unless it has an id; one that was not ended is none", async () => {
  expect(await read("event: ping\n\nid:9\n\n", "data: cut")).toEqual([
    { id: "9", event: "message", data: "" },
  ]);
});

test("a character cut in two arrives in one piece", async () => {
  const bytes = new TextEncoder().encode("data: 🐦\n\n");
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start: (controller) => {
      controller.enqueue(bytes.slice(0, 8));
      controller.enqueue(bytes.slice(8));
      controller.close();
    },
  });
  expect(await Array.fromAsync(readEventStream(body))).toEqual([{ id: "", event: "message", data: "🐦" }]);
});
