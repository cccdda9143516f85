/** What a module is for stands above its imports: a sorted import must not slip in between unseen. */
import { expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { listProjectFiles, PROJECT_ROOT } from "./source-files.ts";

/** A doc comment that an import follows, below another import. */
const MISPLACED = /^import [^;]*;\n\s*\/\*\*(?:[^*]|\*(?!\/))*\*\/\nimport /m;

test("no import stands above a module's opening comment", async () => {
  const sources = listProjectFiles().filter((path) => path.endsWith(".ts"));
  const texts = await Promise.all(sources.map((path) => readFile(join(PROJECT_ROOT, path), "utf8")));
  expect(sources.filter((_, index) => MISPLACED.test(texts[index] ?? ""))).toEqual([]);
});

test("the rule sees a comment between imports, and no other", () => {
  const comment = "/** What it is for. */\n";
  expect(MISPLACED.test(`import a from "a";\n${comment}import b from "b";\n`)).toBe(true);
  expect(MISPLACED.test(`${comment}import a from "a";\nimport b from "b";\n\n${comment}const c = 1;\n`)).toBe(
    false,
  );
});
