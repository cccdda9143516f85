import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { basicUserName, parseUserDatabase, UserDirectory } from "./users.ts";

const PASSWD =
  "root:x:0:0:root:/root:/bin/bash\n# comment\nann:x:1000:1000::/home/ann:/bin/sh\nbroken\nbad:x:-1:5::/:\nnum:x::7::/:\n";
const GROUP = "root:x:0:\nann:x:1000:\nwheel:x:10:ann,root\naudio:x:29:ann\nbroken\n";

test("users have their groups, lines that make no sense are passed over", () => {
  const { byName } = parseUserDatabase(PASSWD, GROUP);
  expect(byName.get("ann")).toEqual({
    name: "ann",
    uid: 1000,
    gid: 1000,
    groups: [1000, 10, 29],
    home: "/home/ann",
    shell: "/bin/sh",
  });
  expect([...byName.keys()]).toEqual(["root", "ann"]);
});

test("root is known without any file", () => {
  const users = new UserDirectory("/nonexistent");
  expect(users.find("root")).toMatchObject({ uid: 0, gid: 0, home: "/root" });
  expect(users.default().name).toBe("root");
  expect(users.userName(0)).toBe("root");
  expect(users.userName(77)).toBe("77");
  expect(() => users.find("user")).toThrow("invalid username: 'user'");
});

test("a user that is added is found, and the default one can be set", () => {
  const etc = mkdtempSync(join(tmpdir(), "wrenn-users-"));
  try {
    writeFileSync(join(etc, "passwd"), PASSWD);
    const users = new UserDirectory(etc);
    expect(users.default().name).toBe("root");
    writeFileSync(join(etc, "passwd"), `${PASSWD}user:x:1001:1001::/home/user:/bin/sh\n`);
    expect(users.default().name).toBe("user");
    users.setDefault("ann");
    expect(users.default().name).toBe("ann");
  } finally {
    rmSync(etc, { recursive: true });
  }
});

test.each([
  [null, null],
  ["Bearer abc", null],
  [`Basic ${btoa("ann:")}`, "ann"],
  [`basic ${btoa("ann:secret:more")}`, "ann"],
  [`Basic ${btoa(":")}`, null],
  ["Basic ", null],
])("the name in %p is %p", (header, name) => {
  expect(basicUserName(header)).toBe(name);
});

test("credentials that cannot be read are refused", () => {
  expect(() => basicUserName("Basic ***")).toThrow("not valid Basic credentials");
  expect(() => basicUserName(`Basic ${Buffer.from([0xff, 0xfe]).toString("base64")}`)).toThrow();
});
