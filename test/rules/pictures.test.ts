/** The pictures of the README and the docs: what is shown is there, what is there is shown, and each is small. */
import { expect, test } from "bun:test";
import { join } from "node:path";

import { fileOf, PICTURES } from "../screenshots/pictures.ts";
import { listProjectFiles, PROJECT_ROOT } from "./source-files.ts";

const MOST_BYTES = 150 * 1024;
const TAKEN = PICTURES.flatMap(({ name, themes }) => themes.map((theme) => fileOf(name, theme))).sort();

test("the pages show the pictures that are taken, and all of them", async () => {
  const pages = listProjectFiles().filter((path) => /^(?:README|docs\/[^/]+)\.md$/.test(path));
  const texts = await Promise.all(pages.map((path) => Bun.file(join(PROJECT_ROOT, path)).text()));
  const shown = texts.flatMap((text) =>
    [...text.matchAll(/screenshots\/([\w-]+\.png)/g)].map(([, file = ""]) => file),
  );
  expect([...new Set(shown)].sort()).toEqual(TAKEN);
});

test("each is there, and small", () => {
  const directory = join(PROJECT_ROOT, "docs", "screenshots");
  expect([...new Bun.Glob("*").scanSync({ cwd: directory })].sort()).toEqual(TAKEN);
  for (const file of TAKEN) expect(Bun.file(join(directory, file)).size).toBeLessThan(MOST_BYTES);
});
