import { describe, expect, test } from "bun:test";

import { checkPassword, Passwords } from "./passwords.ts";

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

  test("no hash is never right, and takes as long as a wrong password", async () => {
    const passwords = new Passwords();
    const hash = await passwords.hash("some password");
    await passwords.verify("warm up", null);
    const time = async (against: string | null): Promise<number> => {
      const startedMs = performance.now();
      for (let round = 0; round < 5; round += 1) {
        expect(await passwords.verify("some other password", against)).toBe(false);
      }
      return performance.now() - startedMs;
    };
    const ratio = (await time(null)) / (await time(hash));
    // The work is the same; a noisy machine is allowed for. Without it the ratio would be near zero.
    expect(ratio).toBeGreaterThan(0.2);
    expect(ratio).toBeLessThan(5);
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
