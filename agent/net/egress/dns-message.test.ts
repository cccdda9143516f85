import { describe, expect, test } from "bun:test";

import { array, assert, constantFrom, ipV4, nat, property, uint8Array } from "fast-check";

import { readQuestion, TYPE_A, writeAnswer } from "./dns-message.ts";

const wireName = (labels: string[]): Buffer =>
  Buffer.concat([
    ...labels.map((label) => Buffer.from([label.length, ...Buffer.from(label, "latin1")])),
    Buffer.from([0]),
  ]);

interface Parts {
  flags?: number;
  counts?: number[];
  labels?: string[];
  type?: number;
  classCode?: number;
  behind?: Buffer;
}

const question = (parts: Parts = {}): Buffer => {
  const { flags = 0x0100, counts = [1, 0, 0, 0], type = TYPE_A, classCode = 1 } = parts;
  const header = Buffer.alloc(12);
  [0x1234, flags, ...counts].forEach((value, index) => header.writeUInt16BE(value, index * 2));
  const tail = Buffer.from([type >> 8, type & 255, classCode >> 8, classCode & 255]);
  return Buffer.concat([
    header,
    wireName(parts.labels ?? ["Site", "Example"]),
    tail,
    parts.behind ?? Buffer.alloc(0),
  ]);
};

const OPTIONS = Buffer.from([0, 0, 41, 16, 0, 0, 0, 0, 0, 0, 0]);

describe("a question", () => {
  test("is read, with the options behind it left out", () => {
    expect(readQuestion(question({ counts: [1, 0, 0, 1], behind: OPTIONS }))).toMatchObject({
      id: 0x1234,
      name: "site.example",
      type: TYPE_A,
      bytes: question().subarray(12),
    });
  });

  test.each([
    ["one label", ["localhost"]],
    ["none", []],
    ["a dot in a label", ["site.example", "evil"]],
    ["a zero byte", ["site\0", "example"]],
    ["a letter of another alphabet", ["b\xfccher", "example"]],
  ])("for a name with %s is for no host", (_what, labels) => {
    expect(readQuestion(question({ labels }))).toMatchObject({ name: null });
  });

  test.each([
    ["two questions", { counts: [2, 0, 0, 0] }, "malformed"],
    ["an answer", { counts: [1, 1, 0, 0] }, "malformed"],
    ["a label that points elsewhere", { labels: ["\xc0".repeat(192)] }, "malformed"],
    ["no end", { labels: ["a".repeat(63), "b".repeat(63)], behind: Buffer.alloc(400) }, "malformed"],
    ["another class", { classCode: 3 }, "notImplemented"],
    ["another operation", { flags: 0x2800 }, "notImplemented"],
  ] satisfies [string, Parts, string][])("with %s is answered with a code", (_what, parts, rcode) => {
    expect(readQuestion(question(parts))).toMatchObject({ rcode });
  });

  test("that is an answer, or no message, is not answered", () => {
    expect(readQuestion(question({ flags: 0x8180 }))).toBeNull();
    expect(readQuestion(question().subarray(0, 11))).toBeNull();
  });

  test("any bytes are read without trouble, and can be answered when they must be", () => {
    const whole = question();
    assert(
      property(uint8Array({ maxLength: 80 }), nat(), nat(255), (noise, at, value) => {
        const damaged = Buffer.from(whole);
        damaged[at % damaged.length] = value;
        for (const bytes of [noise, damaged, damaged.subarray(0, at % damaged.length)]) {
          const read = readQuestion(bytes);
          if (read === null) continue;
          const answer = writeAnswer(read, { rcode: "noSuchName" });
          expect(answer.readUInt16BE(0)).toBe(Buffer.from(bytes).readUInt16BE(0));
          expect(answer.length).toBeLessThanOrEqual(Math.max(bytes.length, 12));
        }
      }),
      { numRuns: 1_000 },
    );
  });
});

describe("an answer", () => {
  test("repeats the question and gives the addresses", () => {
    const read = readQuestion(question());
    if (read === null) throw new Error("unread");
    const bytes = writeAnswer(read, { rcode: "ok", addresses: ["203.0.113.7", "198.51.100.1"], ttlSec: 60 });
    expect(bytes.toString("hex")).toBe(
      "1234818000010002000000000453697465074578616d706c650000010001" +
        "c00c000100010000003c0004cb007107c00c000100010000003c0004c6336401",
    );
  });

  test("fits into a datagram, whatever the name and the number of addresses", () => {
    const label = constantFrom("a", "b".repeat(63));
    assert(
      property(array(label, { maxLength: 3 }), array(ipV4(), { maxLength: 40 }), (labels, addresses) => {
        const read = readQuestion(question({ labels: [...labels, "example"] }));
        if (read === null) throw new Error("unread");
        expect(writeAnswer(read, { rcode: "ok", addresses }).length).toBeLessThanOrEqual(512);
      }),
    );
  });
});
