import { expect, test } from "bun:test";

import { GUEST_PORT } from "../../proto/guest-port.ts";
import { isInternalRoute, parseTarget } from "./target.ts";

const UUID = "0198c0de-0000-7000-8000-000000000001";

test.each([
  [`/traffic/sb-${UUID}/3000/a/b?c=d`, { sandboxId: UUID, port: 3_000, pathAndQuery: "/a/b?c=d" }],
  [`/traffic/${UUID.replaceAll("-", "")}/80`, { sandboxId: UUID, port: 80, pathAndQuery: "/" }],
  [`/traffic/sb-${UUID}/80?q`, { sandboxId: UUID, port: 80, pathAndQuery: "/?q" }],
  [`/traffic/sb-${UUID}/80//x%2Fy/`, { sandboxId: UUID, port: 80, pathAndQuery: "//x%2Fy/" }],
  [`/traffic/sb-${UUID}/0/`, null],
  [`/traffic/sb-${UUID}/65536/`, null],
  [`/traffic/sb-${UUID}/x/`, null],
  [`/traffic/team-${UUID}/80/`, null],
  ["/traffic/../80/", null],
  ["/other", null],
])("%s", (text, target) => {
  expect(parseTarget(text)).toEqual(target);
});

const internal = (pathAndQuery: string, port = GUEST_PORT) =>
  isInternalRoute({ sandboxId: UUID, port, pathAndQuery });

test.each([
  "/init",
  "//init",
  "/init/x",
  "/%69nit",
  "/%2569nit",
  "/a/../init",
  "/a/%2e%2e/init",
  "/INIT",
  "\\init",
])("%s is the host's own", (path) => {
  expect(internal(path)).toBe(true);
  expect(internal(path, 3_000)).toBe(false);
});

test.each(["/health", "/files?path=/init", "/x/init", "/initial", "/"])("%s is not", (path) => {
  expect(internal(path)).toBe(false);
});
