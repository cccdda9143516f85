import { expect, test } from "bun:test";

import fc from "fast-check";

import { boundaryOf, readParts } from "./multipart.ts";

interface ReadPart {
  name: string;
  fileName: string | null;
  content: string;
}

async function* inPieces(body: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < body.byteLength; at += size) yield body.subarray(at, at + size);
}

const readAll = async (body: Uint8Array, boundary: string, pieceBytes: number): Promise<ReadPart[]> => {
  const parts: ReadPart[] = [];
  for await (const { name, fileName, body: content } of readParts(inPieces(body, pieceBytes), boundary)) {
    const chunks: Uint8Array[] = [];
    for await (const bytes of content) chunks.push(bytes.slice());
    parts.push({ name, fileName, content: Buffer.concat(chunks).toString("latin1") });
  }
  return parts;
};

test("any content in any pieces comes out as it went in", async () => {
  const piece = fc.oneof(
    fc.constantFrom("\r\n--", "\r\n--b", "--b--", "\r", "\n", "-"),
    fc.string({ maxLength: 20 }),
  );
  const content = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(""));
  await fc.assert(
    fc.asyncProperty(
      fc.array(content, { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 1, max: 64 }),
      async (contents, size) => {
        const boundary = "b-o-u-n-d-a-r-y";
        const text = contents
          .map(
            (body, index) =>
              `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${index}"\r\n\r\n${body}\r\n`,
          )
          .join("");
        const body = Buffer.from(`preamble\r\n${text}--${boundary}--\r\nepilogue`, "utf8");
        const parts = await readAll(body, boundary, size);
        expect(parts.map((part) => part.content)).toEqual(
          contents.map((body) => Buffer.from(body, "utf8").toString("latin1")),
        );
        expect(parts.map((part) => part.fileName)).toEqual(contents.map((_, index) => String(index)));
      },
    ),
    { numRuns: 60 },
  );
});

test("what Bun's own FormData sends is read", async () => {
  const form = new FormData();
  form.append("note", "hello");
  form.append("file", new Blob(["content"]), '/home/user/a "quoted" ü.txt');
  const request = new Request("http://localhost/", { method: "POST", body: form });
  const boundary = boundaryOf(request.headers.get("content-type"));
  const parts = await readAll(new Uint8Array(await request.arrayBuffer()), boundary ?? "", 7);
  expect(parts).toEqual([
    { name: "note", fileName: null, content: "hello" },
    { name: "file", fileName: '/home/user/a "quoted" ü.txt', content: "content" },
  ]);
});

test("a part that is not read does not disturb the next", async () => {
  const body = Buffer.from(
    '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nlong\r\n--b\r\ncontent-disposition: form-data; name="b"\r\n\r\nx\r\n--b--',
  );
  const names: string[] = [];
  for await (const { name } of readParts(inPieces(body, 3), "b")) names.push(name);
  expect(names).toEqual(["a", "b"]);
});

test.each([
  ["nothing", ""],
  ["no end", '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx'],
  ["a delimiter with a tail", "--bX\r\n\r\n"],
  ["no disposition", "--b\r\nContent-Type: text/plain\r\n\r\nx\r\n--b--"],
  ["endless headers", `--b\r\n${"h".repeat(40_000)}`],
])("%s is malformed", async (_, text) => {
  const failure = await readAll(Buffer.from(text), "b", 1_000).catch(String);
  expect(failure).toContain("malformed multipart body");
});

test.each([
  [null, null],
  ["application/json", null],
  ["multipart/form-data; boundary=abc", "abc"],
  ['Multipart/Form-Data; charset=utf-8; boundary="a b"', "a b"],
])("the boundary of %p is %p", (type, boundary) => {
  expect(boundaryOf(type)).toBe(boundary);
});

test("a form without a boundary is malformed", () => {
  expect(() => boundaryOf("multipart/form-data")).toThrow("no boundary");
});
