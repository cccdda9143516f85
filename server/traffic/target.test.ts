import { expect, test } from "bun:test";

import fc from "fast-check";

import { GUEST_PORT } from "../../proto/guest-port.ts";
import { findTarget, isHost, type TrafficTarget } from "./target.ts";

const UUID = "0198c0de-0000-7000-8000-000000000001";
const HEX = UUID.replaceAll("-", "");
const DOMAIN = "sbx.example.com";

const find = (
  headers: Record<string, string>,
  {
    domain = null,
    url = "http://x/",
    method = "GET",
  }: { domain?: string | null; url?: string; method?: string } = {},
): TrafficTarget | null => findTarget(new Request(url, { method, headers }), domain);

const to = (port: number, by: "headers" | "host") => ({ kind: "port" as const, by, sandboxId: UUID, port });
const bad: TrafficTarget = { kind: "bad", message: expect.any(String) };

test.each<[Record<string, string>, TrafficTarget | null]>([
  [{ "e2b-sandbox-id": HEX, "e2b-sandbox-port": "3000" }, to(3_000, "headers")],
  [{ "E2b-Sandbox-Id": `sb-${UUID}`, "E2b-Sandbox-Port": "1" }, to(1, "headers")],
  [{ "e2b-sandbox-id": HEX }, to(GUEST_PORT, "headers")],
  [{ "e2b-sandbox-id": HEX, host: `80-${HEX}.x.com`, "e2b-sandbox-port": "65535" }, to(65_535, "headers")],
  [{ "e2b-sandbox-id": "nobody" }, bad],
  [{ "e2b-sandbox-id": "" }, bad],
  [{ "e2b-sandbox-id": HEX.toUpperCase() }, bad],
  [{ "e2b-sandbox-id": HEX, "e2b-sandbox-port": "0" }, bad],
  [{ "e2b-sandbox-id": HEX, "e2b-sandbox-port": "65536" }, bad],
  [{ "e2b-sandbox-id": HEX, "e2b-sandbox-port": "" }, bad],
  [{ "e2b-sandbox-id": HEX, "e2b-sandbox-port": "0x50" }, bad],
  [{ "e2b-sandbox-id": HEX, "e2b-sandbox-port": "8e1" }, bad],
  [{ "e2b-sandbox-port": "80" }, null],
  [{}, null],
])("headers %p", (headers, target) => {
  expect(find(headers)).toEqual(target);
});

test.each<[string, TrafficTarget | null, TrafficTarget | null]>([
  // Host, with any domain, with a domain of one's own.
  [`3000-${HEX}.${DOMAIN}`, to(3_000, "host"), to(3_000, "host")],
  [`3000-${HEX}.${DOMAIN}:4400`, to(3_000, "host"), to(3_000, "host")],
  [`3000-${HEX}.${DOMAIN}.`, to(3_000, "host"), to(3_000, "host")],
  [`3000-${HEX}.SBX.Example.COM`, to(3_000, "host"), to(3_000, "host")],
  [`80-sb-${UUID}.${DOMAIN}`, to(80, "host"), to(80, "host")],
  [`3000-${HEX}.other.com`, to(3_000, "host"), null],
  [`3000-${HEX}`, to(3_000, "host"), null],
  [`3000-${HEX}.a.${DOMAIN}`, to(3_000, "host"), null],
  [`a.3000-${HEX}.${DOMAIN}`, null, null],
  [`0-${HEX}.${DOMAIN}`, bad, bad],
  [`99999-${HEX}.${DOMAIN}`, bad, bad],
  [`3000-nobody.${DOMAIN}`, null, bad],
  [`3000-${HEX}0.${DOMAIN}`, null, bad],
  [`x-${HEX}.${DOMAIN}`, null, null],
  [`api.${DOMAIN}`, null, null],
  [DOMAIN, null, null],
  ["127.0.0.1:4400", null, null],
  ["[::1]:4400", null, null],
  ["10-20-30-40.example.com", null, null],
])("host %s", (host, anyDomain, ownDomain) => {
  expect(find({ host })).toEqual(anyDomain);
  expect(find({ host }, { domain: DOMAIN })).toEqual(ownDomain);
});

test.each([
  ["http://x/files?path=a&signature=v1_x", true],
  ["https://x:4400/files?signature=", true],
  ["http://x/files?path=a", false],
  ["http://x/files", false],
  ["http://x/v1/files?signature=v1_x", false],
  ["http://x/v1/sandboxes?a=/files?signature=v1_x", false],
  ["/files?signature=x", false],
])("%s is a signed file: %p", (url, expected) => {
  const request = url.startsWith("/")
    ? ({ url, headers: new Headers(), method: "GET" } as Request)
    : new Request(url);
  expect(findTarget(request, null)).toEqual(expected ? { kind: "signed_file" } : null);
});

test("a browser's question about the sandbox's headers is known by what it names", () => {
  const ask = (names: string, method = "OPTIONS") =>
    find({ "access-control-request-headers": names }, { method });
  expect(ask("content-type, e2b-sandbox-id,x-access-token")).toEqual({ kind: "preflight" });
  expect(ask("E2b-Sandbox-Id")).toEqual({ kind: "preflight" });
  expect(ask("content-type")).toBeNull();
  expect(ask("e2b-sandbox-id", "GET")).toBeNull();
});

test("no head makes it throw, and what it finds is a sandbox's port", () => {
  const text = fc.oneof(
    fc.string({ maxLength: 80 }),
    fc
      .tuple(fc.integer(), fc.constantFrom("-", "", "."), fc.constantFrom(HEX, `sb-${UUID}`))
      .map((parts) => parts.join("")),
  );
  fc.assert(
    fc.property(text, text, text, fc.constantFrom(null, DOMAIN), (id, port, host, domain) => {
      const heads = new Map(Object.entries({ "e2b-sandbox-id": id, "e2b-sandbox-port": port, host }));
      const headers = { get: (name: string) => heads.get(name) || null } as Headers;
      const target = findTarget({ headers, url: "http://x/", method: "GET" } as Request, domain);
      if (target?.kind !== "port") return;
      expect(target.sandboxId).toMatch(/^[0-9a-f-]{36}$/);
      expect(target.port).toBeWithin(1, 65_536);
    }),
  );
});

test.each([
  ["example.com", true],
  ["example.com:80", true],
  ["127.0.0.1:4400", true],
  ["[::1]:4400", true],
  ["a_b.example.com.", true],
  ["", false],
  ["a, b", false],
  ["a/../b", false],
  ["a:b", false],
  ["a b", false],
  ["\u00f1.example", false],
])("%p is one host: %p", (host, expected) => {
  expect(isHost(host)).toBe(expected);
});
