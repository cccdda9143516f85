import { expect, test } from "bun:test";

import fc from "fast-check";

import { pathOf } from "./path.ts";

test.each([
  ["http://x/a%2Fb//c?q=%20&r", "/a%2Fb//c?q=%20&r"],
  ["http://x:1", "/"],
  ["http://x?q", "/?q"],
  ["http://x//y", "//y"],
  ["http://x/../../../y", "/y"],
  ["http://x/a/%2e%2E/%2e./y", "/y"],
  ["http://x/..\\..\\y", "/y"],
  ["/y", "/y"],
  ["*", "/*"],
  ["http://x/y#z", "/y"],
])("%s", (url, path) => {
  expect(pathOf(url)).toBe(path);
});

test("behind any other path, it never leads out of it", () => {
  const piece = fc.constantFrom(
    "..",
    ".",
    "%2e%2e",
    "%2E.",
    "\\",
    "/",
    "a",
    "%2f",
    "?",
    "#",
    ";",
    "@",
    ":",
    "//",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const path = pathOf(`http://x/${pieces.join("")}`);
      expect(new URL(`http://host:1/traffic/sb/80${path}`).href).toStartWith("http://host:1/traffic/sb/80/");
    }),
  );
});
