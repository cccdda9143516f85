/** Requests no honest client sends: valid ones with bytes changed, wrong frames, types, headers, paths. */
import fc from "fast-check";

import { calls, path } from "./valid-calls.ts";

export interface Attack {
  method: string;
  /** With its query. */
  path: string;
  headers: Record<string, string>;
  body: Uint8Array<ArrayBuffer> | null;
}

/** Nothing most of the time. */
const seldom = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(null) }, { weight: 1, arbitrary });

/** Some bytes replaced, the end cut off, or as it was. */
const mangled = (bytes: Uint8Array): fc.Arbitrary<Uint8Array<ArrayBuffer>> =>
  fc
    .record({
      changes: fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { maxLength: 3 }),
      cut: seldom(fc.nat()),
    })
    .map(({ changes, cut }) => {
      const copy = Uint8Array.from(bytes);
      for (const [at, value] of changes) if (copy.length > 0) copy[at % copy.length] = value;
      return cut === null || copy.length === 0 ? copy : copy.subarray(0, cut % copy.length);
    });

/** A Connect frame: mostly with true flags and length, else with any. */
const framed = (message: Uint8Array): fc.Arbitrary<Uint8Array<ArrayBuffer>> =>
  fc
    .record({
      flags: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.nat({ max: 255 })),
      length: fc.oneof(
        { weight: 4, arbitrary: fc.constant(message.length) },
        fc.constantFrom(0, 1, message.length + 1, 17 << 20, 0x7fff_ffff, 0xffff_ffff),
      ),
    })
    .map(({ flags, length }) => {
      const header = Buffer.alloc(5);
      header[0] = flags;
      header.writeUInt32BE(length, 1);
      return Buffer.concat([header, message]);
    });

/** Of a header's value: what HTTP lets through, sense or not. */
const nonsense = fc.string({ unit: fc.constantFrom(...Array.from('0129-,;="*/. abcW:+%')), maxLength: 30 });

const strangeHeaders = fc.dictionary(
  fc.constantFrom(
    "authorization",
    "connect-timeout-ms",
    "keepalive-ping-interval",
    "connect-protocol-version",
    "connect-content-encoding",
    "content-encoding",
    "accept-encoding",
    "range",
    "if-range",
    "if-match",
    "if-none-match",
    "if-modified-since",
    "x-metadata-a",
    "wrenn-replay",
    "origin",
  ),
  fc.oneof(
    nonsense,
    fc.constantFrom("gzip", "bytes=0-", "bytes=9999999999999999999-", "-1", "1e309", "0.0000001", "NaN"),
    fc.string().map((name) => `Basic ${Buffer.from(name).toString("base64")}`),
  ),
  { maxKeys: 3 },
);

const contentTypes = fc.constantFrom(
  "application/json",
  "application/proto",
  "application/connect+json",
  "application/connect+proto",
  "application/grpc-web+proto",
  "multipart/form-data",
  'text/html; charset="',
);

export const rpcAttack: fc.Arbitrary<Attack> = calls.chain((made) =>
  fc
    .record({
      isJson: fc.boolean(),
      wrongType: seldom(contentTypes),
      headers: strangeHeaders,
    })
    .chain(({ isJson, wrongType, headers }) => {
      const kind = isJson ? "json" : "proto";
      const type = wrongType ?? (made.isStream ? `application/connect+${kind}` : `application/${kind}`);
      return mangled(isJson ? made.json : made.binary)
        .chain((bytes) => (made.isStream ? framed(bytes) : fc.constant(bytes)))
        .map((body) => ({
          method: "POST",
          path: made.path,
          headers: { ...headers, "content-type": type },
          body,
        }));
    }),
);

const FORM = Buffer.from(
  '--b\r\nContent-Disposition: form-data; name="file"; filename="fuzz/form"\r\n\r\nbytes\r\n--b--\r\n',
);

const query = fc
  .dictionary(
    fc.constantFrom("username", "signature", "signature_expiration"),
    fc.oneof(nonsense, fc.constantFrom("user", "user", "user", "root ", "v1_", "0", "99999999999")),
    { maxKeys: 1 },
  )
  .chain((others) => path.map((value) => `/files?${new URLSearchParams({ path: value, ...others })}`));

export const fileAttack: fc.Arbitrary<Attack> = fc
  .record({
    method: fc.constantFrom("GET", "GET", "GET", "POST", "POST", "HEAD", "PUT", "OPTIONS"),
    path: fc.oneof(
      query,
      fc.constantFrom("/files", "/files/compose", "/files/../init", "//files", "/files?%ff=%"),
    ),
    headers: strangeHeaders,
    type: fc.constantFrom(
      "application/octet-stream",
      "multipart/form-data; boundary=b",
      "multipart/form-data",
    ),
  })
  .chain(({ method, path: target, headers, type }) =>
    mangled(FORM).map((body) => ({
      method,
      path: target,
      headers: { ...headers, "content-type": type },
      body: method === "GET" || method === "HEAD" ? null : body,
    })),
  );

/** /init never with all it needs: a valid one would take effect. */
export const otherAttack: fc.Arbitrary<Attack> = fc.oneof(
  fc.json().map((text) => ({ method: "POST", path: "/init", headers: {}, body: Buffer.from(text) })),
  fc
    .record({
      accessToken: fc.string(),
      timestamp: fc.string(),
      envVars: fc.anything(),
      identity: fc.anything(),
    })
    .map((body) => ({
      method: "POST",
      path: "/init",
      headers: {},
      body: Buffer.from(
        JSON.stringify(body, (_, value) => (typeof value === "bigint" ? String(value) : value)),
      ),
    })),
  fc
    .record({
      method: fc.constantFrom("GET", "POST", "TRACE", "PATCH"),
      path: fc.oneof(
        fc.constantFrom(
          "/expose?port=-1",
          "/expose?port=99999",
          "/metrics",
          "/envs",
          "/process.Process/Nope",
        ),
        fc.webPath(),
      ),
    })
    .map((request) => ({ ...request, headers: {}, body: null })),
);
