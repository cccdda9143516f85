import { expect, test } from "bun:test";

import fc from "fast-check";

import { resolvePath } from "./paths.ts";

const user = { name: "u", uid: 1, gid: 1, groups: [1], home: "/home/user", shell: "/bin/sh" };

test.each([
  ["", null, "/home/user"],
  [".", null, "/home/user"],
  ["~", "/srv", "/home/user"],
  ["~/a/../b", null, "/home/user/b"],
  ["~other", null, "/home/user/~other"],
  ["a", null, "/home/user/a"],
  ["a", "/srv", "/srv/a"],
  ["/etc//passwd/", null, "/etc/passwd"],
  ["../../etc/shadow", null, "/etc/shadow"],
  ["~/../../..", null, "/"],
])("%p from %p is %p", (path, workdir, expected) => {
  expect(resolvePath(path, { user, workdir })).toBe(expected);
});

test("the result is always absolute and normal, or the path is refused", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (path) => {
      if (path.includes("\0")) {
        expect(() => resolvePath(path, { user, workdir: null })).toThrow("NUL");
        return;
      }
      const resolved = resolvePath(path, { user, workdir: null });
      expect(resolved).toStartWith("/");
      expect(resolved.split("/").slice(1)).not.toContain("..");
      expect(resolvePath(resolved, { user, workdir: "/elsewhere" })).toBe(resolved);
    }),
  );
});
