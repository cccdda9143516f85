import { describe, expect, test } from "bun:test";

import { ConfigError } from "./environment.ts";
import { readTraffic } from "./traffic.ts";

const read = (env: Record<string, string>) => readTraffic(env, 4400);

describe("readTraffic", () => {
  test.each([
    ["sbx.example.com", "sbx.example.com"],
    ["SBX.Example.com:8443", "sbx.example.com:8443"],
    ["localhost", "localhost"],
  ])("takes the domain %s", (text, expected) => {
    expect(read({ WRENN_SANDBOX_DOMAIN: text }).sandboxDomain).toBe(expected);
  });

  test("takes a port and a base for previews", () => {
    expect(read({ WRENN_PREVIEW_PORT: "0", WRENN_PREVIEW_URL: "https://p.example.com/" }).preview).toEqual({
      port: 0,
      url: "https://p.example.com",
    });
  });

  test.each([
    [{ WRENN_SANDBOX_DOMAIN: "https://sbx.example.com" }, "WRENN_SANDBOX_DOMAIN"],
    [{ WRENN_SANDBOX_DOMAIN: "*.sbx.example.com" }, "WRENN_SANDBOX_DOMAIN"],
    [{ WRENN_SANDBOX_DOMAIN: "192.0.2.1" }, "WRENN_SANDBOX_DOMAIN"],
    [{ WRENN_SANDBOX_DOMAIN: "sbx.example.com/" }, "WRENN_SANDBOX_DOMAIN"],
    [{ WRENN_PREVIEW_PORT: "65536" }, "WRENN_PREVIEW_PORT"],
    [{ WRENN_PREVIEW_PORT: "next" }, "WRENN_PREVIEW_PORT"],
    [{ WRENN_PREVIEW_PORT: "4400" }, "WRENN_PREVIEW_PORT"],
    [{ WRENN_PREVIEW_URL: "p.example.com" }, "WRENN_PREVIEW_URL"],
    [{ WRENN_PREVIEW_URL: "https://p.example.com/below" }, "WRENN_PREVIEW_URL"],
  ])("refuses %p, naming %s", (env, name) => {
    expect(() => read(env)).toThrow(ConfigError);
    expect(() => read(env)).toThrow(new RegExp(`^${name}: `));
  });
});
