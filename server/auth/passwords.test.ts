import { describe, expect, test } from "bun:test";

import { type Argon, checkPassword, Passwords } from "./passwords.ts";

describe("checkPassword", () => {
  test.each([
    ["correct horse", null],
    ["päßwörter", null],
    ["😀😀😀😀a😀😀😀", null],
    ["x".repeat(127) + "y", null],
    ["seven77", "min_length"],
    ["😀😀😀😀", "min_length"],
    ["xy".repeat(65), "max_length"],
    ["Password1", "common_password"],
    ["aaaaaaaaaa", "common_password"],
    ["Ada@Example.com", "common_password"],
  ])("%p: %p", (password, rule) => {
    expect(checkPassword(password, "ada@example.com")?.details["rule"] ?? null).toBe(rule);
  });
});

describe("Passwords", () => {
  test("hashes as argon2id with 19 MiB and two passes; composed and decomposed letters are the same", async () => {
    const passwords = new Passwords();
    const hash = await passwords.hash("caf\u00e9 au lait");
    expect(hash).toStartWith("$argon2id$v=19$m=19456,t=2,p=1$");
    expect(await passwords.verify("cafe\u0301 au lait", hash)).toBe(true);
    expect(await passwords.verify("other", hash)).toBe(false);
  });

  test("no hash is never right, and is checked against one of the same parameters and length", async () => {
    const verified: string[] = [];
    const argon: Argon = {
      hash: (password, options) => Bun.password.hash(password, options),
      verify: (password, hash) => {
        verified.push(hash);
        return Bun.password.verify(password, hash);
      },
    };
    const passwords = new Passwords({ argon });
    const real = await passwords.hash("some password");
    expect(await passwords.verify("some password", null)).toBe(false);
    const [standIn = ""] = verified;
    expect(verified).toHaveLength(1);
    const shape = (hash: string) => hash.split("$").map((part, index) => (index < 4 ? part : part.length));
    expect(shape(standIn)).toEqual(shape(real));
  });

  test("past the bound it is busy, and those who wait are served", async () => {
    const passwords = new Passwords({ maxRunning: 1, maxWaiting: 3 });
    const results = await Promise.allSettled(Array.from({ length: 6 }, () => passwords.hash("a password")));
    expect(results.map(({ status }) => status)).toEqual([
      "fulfilled",
      "fulfilled",
      "fulfilled",
      "fulfilled",
      "rejected",
      "rejected",
    ]);
    expect(results.at(-1)).toMatchObject({ reason: { status: 503, code: "busy" } });
    expect(await passwords.hash("again")).toStartWith("$argon2id$");
  });
});
