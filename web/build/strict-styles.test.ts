import { expect, test } from "bun:test";

import { toStrictStyles } from "./strict-styles.ts";

const LIBRARY = Bun.resolveSync("@xterm/xterm/lib/xterm.mjs", import.meta.dir);

test("the terminal's library is left without inline styles", async () => {
  const strict = toStrictStyles(await Bun.file(LIBRARY).text());
  expect(strict).not.toContain('createElement("style")');
  expect(strict).not.toContain('setAttribute("style"');
  expect(strict.match(/createElement\("wr-sheet"\)/g)).toHaveLength(3);
  expect(strict).toMatch(/_addStyle\((\w+),(\w+)\)\{\1\.style\.cssText\+=";"\+\2\}/);
});

test("a library that writes styles elsewhere too does not build", async () => {
  const other = `${await Bun.file(LIBRARY).text()};document.createElement("style")`;
  expect(() => toStrictStyles(other)).toThrow("in 4 places");
});
