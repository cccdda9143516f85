import { expect, test } from "bun:test";

import { chooseResolver, parseNameservers } from "./resolver.ts";

test.each([
  ["nameserver 192.0.2.53\n", ["192.0.2.53"]],
  ["# nameserver 1.1.1.1\nsearch lan\n  nameserver\t127.0.0.53 # stub\n", ["127.0.0.53"]],
  ["nameserver fd00::1\nnameserver not-an-address\nnameserver", []],
])("nameservers of %j", (text, servers) => {
  expect(parseNameservers(text)).toEqual(servers);
});

test("a server elsewhere is preferred to a stub on this machine", () => {
  expect(chooseResolver(["nameserver 127.0.0.53", "nameserver 192.0.2.53"])).toBe("192.0.2.53");
  expect(chooseResolver(["nameserver 127.0.0.53", ""])).toBe("127.0.0.53");
  expect(chooseResolver(["", ""])).toBeNull();
});
