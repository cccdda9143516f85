import { describe, expect, test } from "bun:test";

import { createSecretCookie } from "./secret-cookie.ts";

const SECRET = "0123456789abcdef".repeat(4);
const cookieOf = (isSecure: boolean) =>
  createSecretCookie({
    name: "refresh",
    instanceId: "0198c0de-0000-7000-8000-000000000001",
    isSecure,
    sameSite: "strict",
    path: "/v1/auth",
    lifeSec: 60,
  });
const requestWith = (cookie: string) => new Request("http://localhost/", { headers: { cookie } });

describe("createSecretCookie", () => {
  test("is sent where it is needed alone, and named for this host alone under https", () => {
    expect(cookieOf(false).write(SECRET)).toBe(
      `wrenn_refresh_0198c0de=${SECRET}; Path=/v1/auth; Max-Age=60; HttpOnly; SameSite=Strict`,
    );
    expect(cookieOf(true).write(SECRET)).toBe(
      `__Host-wrenn_refresh_0198c0de=${SECRET}; Path=/; Max-Age=60; Secure; HttpOnly; SameSite=Strict`,
    );
    expect(cookieOf(true).write("")).toContain("Max-Age=0");
  });

  test("under https, one that a sibling domain could have planted does not count", () => {
    expect(cookieOf(true).read(requestWith(`wrenn_refresh_0198c0de=${SECRET}`))).toBeNull();
    expect(cookieOf(true).read(requestWith(`__Host-wrenn_refresh_0198c0de=${SECRET}`))).toBe(SECRET);
  });

  test.each(["", "wrenn_refresh_0198c0de=", "wrenn_refresh_0198c0de=x", `wrenn_refresh_0198c0df=${SECRET}`])(
    "%p holds no secret",
    (cookie) => expect(cookieOf(false).read(requestWith(cookie))).toBeNull(),
  );
});
