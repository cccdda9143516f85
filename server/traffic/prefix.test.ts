import { expect, test } from "bun:test";

import { moveBelow } from "./prefix.ts";

const PREFIX = "/preview/sb/80";
const ORIGIN = "http://192.0.2.1:4401";

const moved = (headers: Headers): Headers => {
  moveBelow(headers, PREFIX, ORIGIN);
  return headers;
};

test.each([
  ["/login?x", `${PREFIX}/login?x`],
  ["/", `${PREFIX}/`],
  [`${PREFIX}/x`, `${PREFIX}/x`],
  ["next", "next"],
  ["?page=2", "?page=2"],
  ["//other.example/x", "//other.example/x"],
  ["https://other.example/x", "https://other.example/x"],
  [`${ORIGIN}/x`, `${PREFIX}/x`],
  [ORIGIN, `${PREFIX}/`],
  [`${ORIGIN}5/x`, `${ORIGIN}5/x`],
])("a redirect to %s leads to %s", (location, expected) => {
  expect(moved(new Headers({ location })).get("location")).toBe(expected);
});

test("cookies stay below, and are set for no domain", () => {
  const headers = new Headers();
  for (const cookie of [
    "a=1; Path=/; HttpOnly",
    "b=path=/x; path = /deep ;Domain=example.com; Secure",
    `c=3; Path=${PREFIX}/x`,
    "d=4",
    "e=5; Path=relative",
  ]) {
    headers.append("set-cookie", cookie);
  }
  expect(moved(headers).getSetCookie()).toEqual([
    `a=1; Path=${PREFIX}/; HttpOnly`,
    `b=path=/x; Path=${PREFIX}/deep; Secure`,
    `c=3; Path=${PREFIX}/x`,
    "d=4",
    "e=5; Path=relative",
  ]);
});
