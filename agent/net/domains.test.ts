import { describe, expect, test } from "bun:test";

import { assert, constantFrom, property, string } from "fast-check";

import { canonicalDomain, DomainList } from "./domains.ts";

describe("the one form of a name", () => {
  test.each([
    ["example.com", "example.com"],
    ["EXAMPLE.Com.", "example.com"],
    ["xn--bcher-kva.example", "xn--bcher-kva.example"],
    ["_dmarc.a-b.example", "_dmarc.a-b.example"],
    ["3.example", "3.example"],
    [`${"a".repeat(63)}.example`, `${"a".repeat(63)}.example`],
  ])("%j is %j", (text, name) => {
    expect(canonicalDomain(text)).toBe(name);
  });

  test.each([
    "",
    ".",
    "localhost",
    "203.0.113.7",
    "1.2.3.4.",
    "::1",
    "[::1]",
    "*.example.com",
    "example.com..",
    ".example.com",
    "a..example",
    "-a.example",
    "a-.example",
    "a.example/",
    "a.example:443",
    "a.example\0.site.example",
    "a.example\n",
    "bücher.example",
    "a b.example",
    `${"a".repeat(64)}.example`,
    `${"a.".repeat(127)}example`,
  ])("%j has none", (text) => {
    expect(canonicalDomain(text)).toBeNull();
  });

  test("of any text is a name of small letters that stays as it is, or none", () => {
    assert(
      property(string({ unit: "binary" }), (text) => {
        const name = canonicalDomain(text);
        if (name === null) return;
        expect(name).toMatch(/^[a-z0-9_.-]+$/);
        expect(canonicalDomain(name)).toBe(name);
      }),
    );
  });
});

describe("a list of domains", () => {
  const list = new DomainList(["One.Example", "two.example.", "*.Wild.Example", "*.deep.wild.other"]);

  test.each(["one.example", "two.example", "a.wild.example", "a.b.c.wild.example", "x.deep.wild.other"])(
    "admits %s",
    (name) => {
      expect(list.admits(name)).toBe(true);
    },
  );

  test.each([
    "a.one.example",
    "wild.example",
    "evilwild.example",
    "a.wild.example.evil",
    "wild.other",
    "example",
    "ne.example",
    "",
  ])("does not admit %j", (name) => {
    expect(list.admits(name)).toBe(false);
  });

  test("without entries admits nothing", () => {
    const names = constantFrom("a.example", "b.a.example", "example");
    assert(
      property(names, (name) => !new DomainList([]).admits(name) && !new DomainList(["", "*."]).admits(name)),
    );
  });
});
