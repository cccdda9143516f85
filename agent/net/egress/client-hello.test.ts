import { describe, expect, test } from "bun:test";
import { connect } from "node:tls";

import { array, assert, integer, nat, property, uint8Array } from "fast-check";

import { type HelloResult, readClientHello } from "./client-hello.ts";
import { MAX_HEAD_BYTES } from "./head.ts";

const u8 = (value: number) => Buffer.from([value]);
const u16 = (value: number) => Buffer.from([value >> 8, value & 255]);
const u24 = (value: number) => Buffer.concat([u8(value >> 16), u16(value & 0xffff)]);
const block = (size: 1 | 2, content: Uint8Array) =>
  Buffer.concat([size === 1 ? u8(content.length) : u16(content.length), content]);

const extension = (type: number, content: Uint8Array) => Buffer.concat([u16(type), block(2, content)]);
const hostName = (name: string, type = 0) => Buffer.concat([u8(type), block(2, Buffer.from(name, "latin1"))]);
const serverName = (...entries: Buffer[]) => extension(0, block(2, Buffer.concat(entries)));

const SOME_OTHER = extension(0x002b, Buffer.from([2, 3, 4]));
const ECH = extension(0xfe0d, Buffer.alloc(40));

interface Parts {
  type?: number;
  version?: number;
  sessionId?: Uint8Array;
  suites?: Uint8Array;
  compressions?: Uint8Array;
  extensions?: Buffer[];
  trailing?: Buffer;
}

const handshake = (parts: Parts = {}): Buffer => {
  const extensions = parts.extensions ?? [SOME_OTHER, serverName(hostName("Site.Example")), SOME_OTHER];
  const body = Buffer.concat([
    u16(parts.version ?? 0x0303),
    Buffer.alloc(32, 7),
    block(1, parts.sessionId ?? Buffer.alloc(32)),
    block(2, parts.suites ?? Buffer.from([0x13, 1])),
    block(1, parts.compressions ?? Buffer.from([0])),
    block(2, Buffer.concat(extensions)),
    parts.trailing ?? Buffer.alloc(0),
  ]);
  return Buffer.concat([u8(parts.type ?? 1), u24(body.length), body]);
};

const record = (fragment: Uint8Array, type = 22, version = 0x0301) =>
  Buffer.concat([u8(type), u16(version), block(2, fragment)]);

/** The same message, cut at each of the places into records of its own. */
const inRecords = (message: Buffer, cuts: number[]): Buffer => {
  const places = [...new Set(cuts.map((cut) => cut % message.length).filter((cut) => cut > 0))].sort(
    (a, b) => a - b,
  );
  const edges = [0, ...places, message.length];
  return Buffer.concat(edges.slice(1).map((end, index) => record(message.subarray(edges[index], end))));
};

const NAME: HelloResult = { kind: "name", name: "site.example" };

/** The first bytes of a real client. */
const recordHello = async (servername: string): Promise<Buffer> => {
  const { promise, resolve } = Promise.withResolvers<Buffer>();
  const listener = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      data: (socket, bytes) => {
        resolve(Buffer.from(bytes));
        socket.end();
      },
    },
  });
  const client = connect({ host: "127.0.0.1", port: listener.port, servername, rejectUnauthorized: false });
  client.on("error", () => undefined);
  const hello = await promise;
  client.destroy();
  listener.stop(true);
  return hello;
};

describe("a client hello", () => {
  test("of a real client names its server", async () => {
    const hello = await recordHello("www.site.example");
    expect(readClientHello(hello)).toEqual({ kind: "name", name: "www.site.example" });
    expect(readClientHello(hello.subarray(0, hello.length - 1))).toEqual({ kind: "incomplete" });
  });

  test("is understood however it is cut, and not before it is whole", () => {
    const message = handshake();
    assert(
      property(array(nat(), { maxLength: 40 }), nat(), (cuts, at) => {
        const bytes = inRecords(message, cuts);
        expect(readClientHello(bytes)).toEqual(NAME);
        expect(readClientHello(bytes.subarray(0, at % bytes.length))).toEqual({ kind: "incomplete" });
      }),
    );
    const shredded = inRecords(message, [...message.keys()]);
    expect(readClientHello(shredded)).toMatchObject({ kind: "refused" });
  });

  test("may have an encrypted name beside the open one, as browsers send", () => {
    const open = serverName(hostName("site.example"));
    for (const extensions of [
      [open, ECH],
      [ECH, open],
    ]) {
      expect(readClientHello(record(handshake({ extensions })))).toEqual(NAME);
    }
  });

  test("may have no session, and more behind it", () => {
    expect(readClientHello(record(handshake({ sessionId: new Uint8Array(0) })))).toEqual(NAME);
    expect(readClientHello(Buffer.concat([record(handshake()), record(Buffer.from([1]), 20)]))).toMatchObject(
      {
        kind: "refused",
      },
    );
    expect(readClientHello(Buffer.concat([record(handshake()), record(Buffer.from([1, 2, 3]))]))).toEqual(
      NAME,
    );
  });

  test.each([
    ["no extensions", { extensions: [] }],
    ["no server name", { extensions: [SOME_OTHER] }],
    ["an encrypted name alone", { extensions: [ECH] }],
    ["two names", { extensions: [serverName(hostName("site.example"), hostName("other.example"))] }],
    [
      "two server name extensions",
      { extensions: [serverName(hostName("site.example")), serverName(hostName("other.example"))] },
    ],
    ["an empty list of names", { extensions: [serverName()] }],
    ["an empty name", { extensions: [serverName(hostName(""))] }],
    ["a name of another type", { extensions: [serverName(hostName("site.example", 1))] }],
    [
      "a name with more behind it",
      { extensions: [extension(0, Buffer.concat([block(2, hostName("a.example")), u8(0)]))] },
    ],
    ["an address for a name", { extensions: [serverName(hostName("203.0.113.1"))] }],
    ["a zero byte in its name", { extensions: [serverName(hostName("site.example\0.evil.example"))] }],
    ["another version", { version: 0x0203 }],
    ["a session id that is too long", { sessionId: new Uint8Array(33) }],
    ["no suites", { suites: new Uint8Array(0) }],
    ["half a suite", { suites: new Uint8Array(3) }],
    ["no compression", { compressions: new Uint8Array(0) }],
    ["bytes behind its extensions", { trailing: Buffer.from([0]) }],
    ["another message's type", { type: 2 }],
  ] satisfies [string, Parts][])("with %s is refused", (_what, parts) => {
    expect(readClientHello(record(handshake(parts)))).toMatchObject({ kind: "refused" });
  });

  test.each([
    ["HTTP", Buffer.from("GET / HTTP/1.1\r\n")],
    ["a record of another type", record(handshake(), 23)],
    ["a record of another version", record(handshake(), 22, 0x0201)],
    ["an empty record", Buffer.concat([record(new Uint8Array(0)), record(handshake())])],
    ["a record that is too long", Buffer.concat([Buffer.from([22, 3, 1]), u16(2 ** 14 + 1)])],
    ["a message that is too long", record(Buffer.concat([u8(1), u24(MAX_HEAD_BYTES + 1)]))],
    [
      "a message that never ends",
      record(Buffer.concat([u8(1), u24(MAX_HEAD_BYTES - 1), Buffer.alloc(2 ** 14 - 4)])),
    ],
  ])("%s is none", (_what, bytes) => {
    expect(readClientHello(bytes)).toMatchObject({ kind: "refused" });
  });

  test("any bytes have an answer", () => {
    assert(
      property(uint8Array({ maxLength: 200 }), (bytes) => {
        expect(["name", "incomplete", "refused"]).toContain(readClientHello(bytes).kind);
        expect(["incomplete", "refused"]).toContain(readClientHello(record(bytes)).kind);
      }),
    );
  });

  test("damaged anywhere it has an answer, and a name only where a name can be", () => {
    const whole = record(handshake());
    assert(
      property(nat(whole.length - 1), integer({ min: 1, max: 255 }), (at, flip) => {
        const bytes = Buffer.from(whole);
        bytes[at] = (bytes[at] ?? 0) ^ flip;
        const result = readClientHello(bytes);
        if (result.kind === "name") expect(result.name).toMatch(/^[a-z0-9_-]+(\.[a-z0-9_-]+)+$/);
      }),
      { numRuns: 2_000 },
    );
  });
});
