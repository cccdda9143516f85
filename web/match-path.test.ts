import { describe, expect, test } from "bun:test";

import { matchPath } from "./match-path.ts";

describe("matchPath", () => {
  test.each([
    ["/dashboard/sandboxes", "/dashboard/sandboxes", {}],
    ["/dashboard/sandboxes", "/dashboard/sandboxes/", {}],
    ["/dashboard/sandboxes/:id", "/dashboard/sandboxes/sb-1", { id: "sb-1" }],
    ["/t/:name", "/t/a%2Fb%20%F0%9F%90%A6", { name: "a/b 🐦" }],
  ])("%s fits %s", (pattern, path, params) => {
    expect(matchPath(pattern, path)).toEqual(params);
  });

  test.each([
    ["/dashboard/sandboxes/:id", "/dashboard/sandboxes"],
    ["/dashboard", "/admin"],
    ["/t/:name", "/t/%E0%A4%A"],
  ])("%s does not fit %s", (pattern, path) => {
    expect(matchPath(pattern, path)).toBeNull();
  });
});
