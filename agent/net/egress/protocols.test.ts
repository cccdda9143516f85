import { expect, test } from "bun:test";

import { type Destination, HTTP, TLS } from "./protocols.ts";

const read = (...lines: string[]): Destination => {
  const result = HTTP.read(Buffer.from(`${lines.join("\r\n")}\r\n\r\n`));
  if (result.kind !== "destination") throw new Error(result.kind);
  return result;
};

const passed = (destination: Destination, text: string): string | null =>
  destination.fromGuest(Buffer.from(text))?.toString() ?? null;

test("of a request its body passes, and nothing behind it", () => {
  const get = read("GET / HTTP/1.1", "Host: a.example");
  expect(passed(get, "GET / HTTP/1.1\r\nHost: b.example\r\n\r\n")).toBe("");
  const post = read("POST / HTTP/1.1", "Host: a.example", "Content-Length: 5");
  expect([passed(post, "he"), passed(post, "lloGET /"), passed(post, "more")]).toEqual(["he", "llo", ""]);
  const chunks = read("POST / HTTP/1.1", "Host: a.example", "Transfer-Encoding: chunked");
  expect(passed(chunks, "1\r\na\r\n0\r\n\r\nGET /")).toBe("1\r\na\r\n0\r\n\r\n");
  const bad = read("POST / HTTP/1.1", "Host: a.example", "Transfer-Encoding: chunked");
  expect(passed(bad, "zz\r\n")).toBeNull();
});

const upgrade = () => read("GET / HTTP/1.1", "Host: a.example", "Connection: upgrade", "Upgrade: websocket");

test("a WebSocket passes once the server has agreed, and not before or without that", () => {
  const agreed = upgrade();
  expect(passed(agreed, "early")).toBe("");
  for (const piece of ["HTTP/1.", "1 10", "1 Switching Protocols\r\n\r\n"]) {
    expect(agreed.fromServer(Buffer.from(piece))?.toString()).toBe(piece);
  }
  expect(passed(agreed, "frame")).toBe("frame");

  const declined = upgrade();
  declined.fromServer(Buffer.from("HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 101 no"));
  expect(passed(declined, "GET / HTTP/1.1")).toBe("");

  const unasked = read("GET / HTTP/1.1", "Host: a.example");
  unasked.fromServer(Buffer.from("HTTP/1.1 101 Switching Protocols\r\n\r\n"));
  expect(passed(unasked, "frame")).toBe("");
});

test("a refusal is an answer of its protocol", () => {
  expect(TLS.refusal("403 Forbidden", "no").toString("hex")).toBe("15030100020231");
  expect(HTTP.refusal("403 Forbidden", "no").toString()).toBe(
    "HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 10\r\n" +
      "Connection: close\r\n\r\nwrenn: no\n",
  );
});
