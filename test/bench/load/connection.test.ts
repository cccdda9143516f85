import { afterAll, expect, test } from "bun:test";

import { answerLength, askRepeatedly, targetOf } from "./connection.ts";

const head = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n";

test.each([
  ["", null],
  [head, null],
  [`${head}\r\n`, head.length + 7],
  [`${head}\r\nabcde`, head.length + 7],
])("the length of %j is %p", (received, length) => {
  expect(answerLength(Buffer.from(received))).toBe(length);
});

test.each(["HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n"])(
  "refuses %j",
  (received) => {
    expect(() => answerLength(Buffer.from(received))).toThrow("expected a 200");
  },
);

const asked: string[] = [];
const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch: (request) => {
    asked.push(`${new URL(request.url).search} ${request.headers.get("x-api-key")}`);
    return new Response("x".repeat(200_000), { status: request.url.endsWith("/gone") ? 410 : 200 });
  },
});
afterAll(() => server.stop(true));

test("asks again when an answer is whole, however many pieces it comes in", async () => {
  const target = targetOf(`${server.url.origin}/page?limit=2`, { "x-api-key": "k" });
  expect(await askRepeatedly(target, () => asked.length === 3)).toBe(3);
  expect(asked).toEqual(["?limit=2 k", "?limit=2 k", "?limit=2 k"]);
});

test("an error is not counted as an answer", async () => {
  const target = targetOf(`${server.url.origin}/gone`, {});
  await expect(askRepeatedly(target, () => false)).rejects.toThrow("410");
});
