import { expect, test } from "bun:test";

import { API_KEY_SCOPES, type ApiKeyScope } from "../../db/constants.ts";
import { scopeAllows } from "./scopes.ts";

const cases: [ApiKeyScope[], string, boolean, boolean][] = [
  // scopes of the key, method, readable, allowed on a route of scope `sandboxes`
  [["read"], "GET", true, true],
  [["read"], "GET", false, false],
  [["read"], "POST", true, false],
  [["read"], "HEAD", true, false],
  [["sandboxes"], "GET", false, true],
  [["sandboxes"], "DELETE", true, true],
  [["templates"], "GET", true, false],
  [["templates"], "POST", true, false],
  [["read", "templates"], "GET", true, true],
  [[], "GET", true, false],
];

test.each(cases)("a key with %p, %s, readable %p: %p", (scopes, method, readable, allowed) => {
  expect(scopeAllows(scopes, { scopes: ["sandboxes"], readable, method })).toBe(allowed);
});

test("any of a route's scopes opens it", () => {
  const access = { scopes: ["sandboxes", "templates"], method: "GET" } as const;
  const opened = API_KEY_SCOPES.filter((scope) => scopeAllows([scope], access));
  expect(opened).toEqual([...API_KEY_SCOPES]);
});
