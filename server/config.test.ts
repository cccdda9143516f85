import { describe, expect, test } from "bun:test";

import { readConfig } from "./config.ts";
import { ConfigError } from "./config/environment.ts";
import { DEFAULT_RULES } from "./rate-limits/classes.ts";

const DATABASE_URL = "postgres://wrenn:secret@db/wrenn";
const read = (env: Record<string, string>) => readConfig({ DATABASE_URL, ...env });

describe("readConfig", () => {
  test("has defaults for all but the database", () => {
    expect(read({})).toEqual({
      listen: { hostname: "127.0.0.1", port: 4400 },
      isLoopback: true,
      publicUrl: "http://127.0.0.1:4400",
      tls: null,
      sandboxDomain: null,
      preview: { port: null, url: null },
      trustedProxies: [],
      signup: null,
      admin: null,
      oauth: { github: null, oidc: null, timeoutMs: 10_000 },
      metricsToken: null,
      agentFile: null,
      webDirectory: null,
      databaseUrl: DATABASE_URL,
      heartbeatMs: 30_000,
      staleMs: 90_000,
      monitorMs: 15_000,
      recheckMs: 60_000,
      quarantineMs: 86_400_000,
      rateLimits: DEFAULT_RULES,
    });
  });

  test.each([
    ["127.0.0.1:80", true],
    ["localhost:80", true],
    ["[::1]:80", true],
    ["0.0.0.0:80", false],
    ["[::]:80", false],
    ["192.168.1.5:80", false],
  ])("%s loopback: %p", (listen, expected) => {
    expect(read({ WRENN_LISTEN: listen }).isLoopback).toBe(expected);
  });

  test.each([
    [{ WRENN_LISTEN: "0.0.0.0:80" }, "http://127.0.0.1:80"],
    [{ WRENN_LISTEN: "[fd00::1]:80" }, "http://[fd00::1]:80"],
    [{ WRENN_LISTEN: "10.0.0.1:443", WRENN_TLS_CERT: "c", WRENN_TLS_KEY: "k" }, "https://10.0.0.1:443"],
    [{ WRENN_PUBLIC_URL: "https://wrenn.example.com/" }, "https://wrenn.example.com"],
  ])("public URL of %p", (env, expected) => {
    expect(read(env).publicUrl).toBe(expected);
  });

  test("reads lists and policies", () => {
    expect(read({ WRENN_TRUSTED_PROXIES: "10.0.0.1, fd00::1," }).trustedProxies).toEqual([
      "10.0.0.1",
      "fd00::1",
    ]);
    expect(read({ WRENN_SIGNUP: "closed" }).signup).toEqual({ kind: "closed" });
    expect(read({ WRENN_SIGNUP: "domains:Example.com,b.org" }).signup).toEqual({
      kind: "domains",
      domains: ["example.com", "b.org"],
    });
  });

  test.each([
    [{ WRENN_LISTEN: "4400" }, "WRENN_LISTEN"],
    [{ WRENN_LISTEN: "127.0.0.1:65536" }, "WRENN_LISTEN"],
    [{ WRENN_LISTEN: "fd00::1:80" }, "WRENN_LISTEN"],
    [{ WRENN_PUBLIC_URL: "wrenn.example.com" }, "WRENN_PUBLIC_URL"],
    [{ WRENN_PUBLIC_URL: "ftp://x" }, "WRENN_PUBLIC_URL"],
    [{ WRENN_TLS_CERT: "c" }, "WRENN_TLS_KEY"],
    [{ WRENN_TLS_KEY: "k" }, "WRENN_TLS_CERT"],
    [{ WRENN_TRUSTED_PROXIES: "proxy.local" }, "WRENN_TRUSTED_PROXIES"],
    [{ WRENN_SIGNUP: "sometimes" }, "WRENN_SIGNUP"],
    [{ WRENN_SIGNUP: "domains:" }, "WRENN_SIGNUP"],
    [{ WRENN_ADMIN_EMAIL: "a@b.c" }, "WRENN_ADMIN_PASSWORD"],
    [{ WRENN_ADMIN_PASSWORD: "x" }, "WRENN_ADMIN_EMAIL"],
    [{ WRENN_MONITOR_MS: "0" }, "WRENN_MONITOR_MS"],
    [{ WRENN_STALE_MS: "90s" }, "WRENN_STALE_MS"],
    [{ DATABASE_URL: "" }, "DATABASE_URL"],
    [{ DATABASE_URL: "mysql://x" }, "DATABASE_URL"],
  ])("refuses %p, naming %s", (env, name) => {
    expect(() => read(env)).toThrow(ConfigError);
    expect(() => read(env)).toThrow(new RegExp(`^${name}: `));
  });

  test("never repeats a password", () => {
    expect(() => read({ DATABASE_URL: "mysql://root:hunter2@db" })).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining("hunter2") }),
    );
  });
});
