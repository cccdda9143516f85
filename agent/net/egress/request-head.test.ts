import { describe, expect, test } from "bun:test";

import { array, assert, constantFrom, property, string, tuple, uint8Array } from "fast-check";

import { MAX_HEAD_BYTES } from "./head.ts";
import { readRequestHead } from "./request-head.ts";

const head = (...lines: string[]): Buffer => Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
const get = (...headers: string[]): Buffer => head("GET /a?b HTTP/1.1", "Host: Site.Example", ...headers);

const forwarded = (bytes: Buffer): string => {
  const result = readRequestHead(bytes);
  return result.kind === "request" ? result.forward.toString("latin1") : result.kind;
};

describe("a request's head", () => {
  test("says where it goes, and is passed on asking for an end", () => {
    const bytes = Buffer.concat([get("X-A: 1", "Cookie: \xe9; b"), Buffer.from("body")]);
    expect(readRequestHead(bytes)).toEqual({
      kind: "request",
      name: "site.example",
      headBytes: bytes.length - 4,
      body: 0,
      upgrades: false,
      forward: head(
        "GET /a?b HTTP/1.1",
        "Host: Site.Example",
        "X-A: 1",
        "Cookie: \xe9; b",
        "Connection: close",
      ),
    });
  });

  test("loses what would keep the connection for more", () => {
    const text = forwarded(
      get(
        "Connection: keep-alive, X",
        "Keep-Alive: timeout=5",
        "Proxy-Connection: keep-alive",
        "UPGRADE: h2c",
        "HTTP2-Settings: AAMAAABk",
      ),
    );
    expect(text).toBe(head("GET /a?b HTTP/1.1", "Host: Site.Example", "Connection: close").toString());
  });

  test("keeps the wish for a WebSocket", () => {
    const bytes = get("connection: keep-alive, Upgrade", "Upgrade: WebSocket", "Sec-WebSocket-Key: k");
    expect(readRequestHead(bytes)).toMatchObject({ kind: "request", upgrades: true });
    expect(forwarded(bytes)).toEndWith(
      "Sec-WebSocket-Key: k\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    );
    const withBody = get("Upgrade: websocket", "Content-Length: 3");
    expect(readRequestHead(withBody)).toMatchObject({ kind: "request", upgrades: false, body: 3 });
  });

  test.each([
    [["Content-Length: 0"], 0],
    [["content-length:\t 12 "], 12],
    [["Transfer-Encoding: Chunked"], "chunked"],
  ] as const)("with %j has a body of %j", (headers, body) => {
    expect(readRequestHead(get(...headers))).toMatchObject({ kind: "request", body });
  });

  test.each([
    ["no host", head("GET / HTTP/1.1", "X: y")],
    ["an empty host", head("GET / HTTP/1.1", "Host:")],
    ["an address for a host", head("GET / HTTP/1.1", "Host: 203.0.113.1")],
    ["two hosts", get("Host: other.example")],
    ["two hosts in one line", head("GET / HTTP/1.1", "Host: site.example, other.example")],
    ["credentials before its host", head("GET / HTTP/1.1", "Host: user@site.example")],
    ["a host behind an odd blank", head("GET / HTTP/1.1", "Host: \xa0site.example")],
    ["a blank before the colon", get("Host : other.example")],
    ["a folded line", get("X: y", " Host: other.example")],
    ["a line without a colon", get("Host")],
    ["a bare line feed", get("X: y\nHost: other.example")],
    ["a bare carriage return", get("X: y\rHost: other.example")],
    ["a zero byte", get("X: \0")],
    ["a blank line's worth of a header", get(": y")],
    ["a whole URL", head("GET http://other.example/ HTTP/1.1", "Host: site.example")],
    ["an authority", head("CONNECT other.example:443 HTTP/1.1", "Host: site.example")],
    ["another version", head("GET / HTTP/2.0", "Host: site.example")],
    ["no version", head("GET /", "Host: site.example")],
    ["HTTP/2 at once", Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")],
    ["two blanks in its first line", head("GET  / HTTP/1.1", "Host: site.example")],
    ["nothing before its first line", Buffer.from("\r\n\r\n")],
    ["too many headers", get(...Array.from({ length: 201 }, () => "a:b"))],
    ["two lengths", get("Content-Length: 1", "Content-Length: 1")],
    ["a length and chunks", get("Content-Length: 1", "Transfer-Encoding: chunked")],
    ["chunks twice", get("Transfer-Encoding: chunked", "Transfer-Encoding: chunked")],
    ["chunks within chunks", get("Transfer-Encoding: chunked, chunked")],
    ["another coding", get("Transfer-Encoding: gzip, chunked")],
    ["a vertical tab around its coding", get("Transfer-Encoding: \x0bchunked")],
    ["chunks in HTTP/1.0", head("GET / HTTP/1.0", "Host: site.example", "Transfer-Encoding: chunked")],
    ["a negative length", get("Content-Length: -1")],
    ["a length with a sign", get("Content-Length: +1")],
    ["a list of lengths", get("Content-Length: 1, 1")],
    ["an enormous length", get(`Content-Length: ${"9".repeat(16)}`)],
  ])("with %s is refused", (_what, bytes) => {
    expect(readRequestHead(bytes)).toMatchObject({ kind: "refused" });
  });

  test("is refused when it is too long, and costs no more for blanks", () => {
    const blanks = " ".repeat(MAX_HEAD_BYTES - 100);
    expect(readRequestHead(get(`X:${blanks}\x01`))).toMatchObject({ kind: "refused" });
    expect(readRequestHead(get(`X:${blanks}`))).toMatchObject({ kind: "request" });
    expect(readRequestHead(Buffer.from(`GET / HTTP/1.1\r\nX:${blanks}${blanks}`))).toMatchObject({
      kind: "refused",
    });
  });

  test("is waited for until it is whole", () => {
    const bytes = get("X: y");
    for (let length = 0; length < bytes.length; length += 1) {
      expect(readRequestHead(bytes.subarray(0, length))).toEqual({ kind: "incomplete" });
    }
  });

  test("any bytes have an answer", () => {
    assert(
      property(uint8Array({ maxLength: 300 }), (bytes) => {
        const text = Buffer.concat([bytes, Buffer.from("\r\n\r\n")]);
        expect(["request", "refused"]).toContain(readRequestHead(text).kind);
      }),
    );
  });

  test("what is passed on has one host, the one that was judged, and asks for an end", () => {
    const piece = constantFrom(
      "Host",
      "host",
      ":",
      " ",
      "\r\n",
      "\n",
      "\t",
      "a.example",
      "b.example",
      "Connection",
      "keep-alive",
      "Upgrade",
      "websocket",
      "Content-Length",
      "1",
      "\0",
    );
    const line = array(piece, { maxLength: 6 }).map((pieces) => pieces.join(""));
    const lines = tuple(
      constantFrom("GET / HTTP/1.1", "POST /x HTTP/1.0", "GET http://b.example/ HTTP/1.1"),
      array(line, { maxLength: 6 }),
      string(),
    );
    assert(
      property(lines, ([first, rest, noise]) => {
        const result = readRequestHead(head(first, "Host: a.example", ...rest, `N: ${noise}`));
        if (result.kind !== "request") return;
        const text = result.forward.toString("latin1");
        expect(text.match(/(?:^|[\r\n])host[^a-z\d]/gi)).toHaveLength(1);
        expect(text.match(/(?:^|[\r\n])connection[^a-z\d]/gi)).toHaveLength(1);
        expect(result.name).toBe("a.example");
        expect(text.indexOf("\r\n\r\n")).toBe(text.length - 4);
        expect(readRequestHead(result.forward)).toMatchObject({
          kind: "request",
          name: result.name,
          body: result.body,
        });
      }),
      { numRuns: 2_000, examples: [[["GET / HTTP/1.1", ["Host1:"], ""]]] },
    );
  });
});
