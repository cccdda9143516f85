import { expect, test } from "bun:test";

import { type OutputItem, ProcessOutput, type Viewer } from "./output.ts";
import { KEPT_BYTES, type OutputChunk } from "./recent-output.ts";
import { describeEnd } from "./status.ts";

const END = describeEnd(0, null);
const chunk = (text: string, channel: OutputChunk["channel"] = "stdout"): OutputChunk => ({
  channel,
  bytes: new TextEncoder().encode(text),
});

const attach = (output: ProcessOutput, options: { replay?: boolean; signal?: AbortSignal } = {}): Viewer =>
  output.attach({ keepaliveMs: 60_000, replay: false, signal: new AbortController().signal, ...options });

const textOf = async (viewer: Viewer): Promise<string> => {
  const items: OutputItem[] = [];
  for await (const item of viewer.items()) items.push(item);
  return items
    .map((item) =>
      item.kind === "data"
        ? `${item.chunk.channel}:${new TextDecoder().decode(item.chunk.bytes)}`
        : item.kind,
    )
    .join(" ");
};

test("a viewer sees what comes after it, a replaying one what is kept too", async () => {
  const output = new ProcessOutput();
  output.push(chunk("before"));
  const [late, replaying] = [attach(output), attach(output, { replay: true })];
  output.push(chunk("after", "stderr"));
  output.finish(END);
  expect(await textOf(late)).toBe("stderr:after end");
  expect(await textOf(replaying)).toBe("stdout:before stderr:after end");
  expect(await textOf(attach(output))).toBe("end");
  expect(await textOf(attach(output, { replay: true }))).toBe("stdout:before stderr:after end");
});

test("what is kept is the end of the output, in order, whatever the pieces", async () => {
  const output = new ProcessOutput();
  let written = "";
  for (let index = 0; index < 30_000; index += 1) {
    const piece = `${index},`;
    written += piece;
    output.push(chunk(piece));
  }
  output.push(chunk("x".repeat(1_000)));
  written += "x".repeat(1_000);
  output.finish(END);
  expect(output.keptBytes).toBe(KEPT_BYTES);
  const seen = (await textOf(attach(output, { replay: true }))).replaceAll(/ ?stdout:| end/g, "");
  expect(seen).toBe(written.slice(-KEPT_BYTES));
});

test("output that keeps changing channel stays bounded in pieces", async () => {
  const output = new ProcessOutput();
  for (let index = 0; index < 5_000; index += 1)
    output.push(chunk("a", index % 2 === 0 ? "stdout" : "stderr"));
  output.finish(END);
  expect(output.keptBytes).toBeLessThan(600);
  expect(output.keptBytes).toBeGreaterThan(200);
});

test("a full viewer holds up the source until it reads", async () => {
  const output = new ProcessOutput();
  const viewer = attach(output);
  output.push({ channel: "stdout", bytes: new Uint8Array(300_000) });
  expect(output.hasRoom).toBe(false);
  const items = viewer.items();
  await items.next();
  await output.room();
  expect(output.hasRoom).toBe(true);
  await items.return();
});

test("a viewer that has left holds up nothing, although nobody reads it to its end", async () => {
  const output = new ProcessOutput();
  const client = new AbortController();
  attach(output, { signal: client.signal });
  output.push({ channel: "stdout", bytes: new Uint8Array(300_000) });
  const room = output.room();
  client.abort();
  await room;
  output.push({ channel: "stdout", bytes: new Uint8Array(3_000_000) });
  expect(output.hasRoom).toBe(true);
});

test("a client that is gone already is never waited for", () => {
  const output = new ProcessOutput();
  const counts: number[] = [];
  output.onViewers = (count) => counts.push(count);
  attach(output, { signal: AbortSignal.abort() });
  output.push({ channel: "stdout", bytes: new Uint8Array(3_000_000) });
  expect(output.hasRoom).toBe(true);
  expect(counts).toEqual([1, 0]);
});
