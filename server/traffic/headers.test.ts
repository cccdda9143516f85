import { expect, test } from "bun:test";

import { SignJWT } from "jose";

import { GUEST_PORT } from "../../proto/guest-port.ts";
import { toClientHeaders, toSandboxHeaders } from "./headers.ts";

const SECRETS = { instanceId: "the-instance", accessToken: (id: string) => `token of ${id}` };

const pass = (headers: Record<string, string>, { port = 3_000, prefix = null as string | null } = {}) =>
  Object.fromEntries(
    toSandboxHeaders(
      new Headers(headers),
      { sandboxId: "one", port, prefix, scheme: "https" },
      SECRETS,
      "192.0.2.1",
    ),
  );
const jwt = (issuer: string) =>
  new SignJWT({}).setProtectedHeader({ alg: "HS256" }).setIssuer(issuer).sign(new Uint8Array(32));

test("where it came from is told, whatever the client said of it", () => {
  expect(
    pass({ host: "a.example", "x-forwarded-for": "spoofed", "x-forwarded-proto": "http" }, { prefix: "/p" }),
  ).toEqual({
    host: "a.example",
    "x-forwarded-for": "192.0.2.1",
    "x-forwarded-proto": "https",
    "x-forwarded-host": "a.example",
    "x-forwarded-prefix": "/p",
    "accept-encoding": "identity",
  });
});

test("Wrenn's keys and tokens stay outside, others pass", async () => {
  const key = `wrn_${"0".repeat(32)}`;
  const seen = (headers: Record<string, string>, port?: number) => {
    const [name = ""] = Object.keys(headers);
    return pass(headers, { port })[name];
  };
  expect(seen({ "x-api-key": key })).toBeUndefined();
  expect(seen({ "x-api-key": key.replace("wrn", "e2b") })).toBeUndefined();
  expect(seen({ "x-api-key": "theirs" })).toBe("theirs");
  expect(seen({ authorization: `Bearer ${key}` })).toBeUndefined();
  expect(seen({ authorization: `Bearer ${await jwt("the-instance")}` })).toBeUndefined();
  const others = `Bearer ${await jwt("another")}`;
  expect(seen({ authorization: others })).toBe(others);
  expect(seen({ authorization: "Basic dXNlcjo=" })).toBe("Basic dXNlcjo=");
  expect(seen({ "e2b-traffic-access-token": "x" })).toBeUndefined();
  expect(seen({ "x-access-token": "token of one" })).toBeUndefined();
  expect(seen({ "x-access-token": "token of one" }, GUEST_PORT)).toBe("token of one");
  expect(seen({ "x-access-token": "theirs" })).toBe("theirs");
});

test.each([
  ["a=1; wrenn_refresh_0=s; b=2", "a=1; b=2"],
  ["wrenn_preview=t", undefined],
  ["__Secure-wrenn_preview=t;__Host-wrenn_refresh_0=s;a=1", "a=1"],
  ["A=1; WRENN_x=2", "A=1"],
  ["not_wrenn_=1", "not_wrenn_=1"],
])("of the cookies %s pass %p", (cookie, expected) => {
  expect(pass({ cookie })["cookie"]).toBe(expected);
});

test("a program sets no cookie of Wrenn's, and does not speak as the host", () => {
  const headers = new Headers({
    "wrenn-error": "x",
    "wrenn-sandbox-status": "y",
    connection: "x-hop",
    "x-hop": "1",
  });
  for (const cookie of ["a=1; Path=/", "wrenn_refresh_0=x", "__Host-wrenn_refresh_0=y", "b=2"]) {
    headers.append("set-cookie", cookie);
  }
  const kept = toClientHeaders(headers);
  expect(kept.getSetCookie()).toEqual(["a=1; Path=/", "b=2"]);
  expect([...new Set(kept.keys())]).toEqual(["set-cookie"]);
});
