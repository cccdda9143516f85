/** Nothing of one developer's machine gets into the repository. */
import { expect, test } from "bun:test";
import { join } from "node:path";

import { listProjectFiles, PROJECT_ROOT } from "./source-files.ts";

/** Written so that this file does not match itself. */
const FORBIDDEN: [what: string, pattern: RegExp][] = [
  ["a registry host", /https?:\/\/[\w.-]*(?:registry|artifactory|nexus|verdaccio)[\w.-]*\//i],
  ["a home directory of somebody", /\/(?:home|Users)\/(?!user\b)[a-z][\w.-]*\//],
  ["the working directory of a build machine", /(?<![\w.-])\/w[o]rk\/[a-z]/],
  ["a private key", /-----BEGIN [A-Z ]*PRIVATE [K]EY-----/],
];

const MAX_TEXT_BYTES = 2_000_000;

test("committed files hold no machine paths, registry hosts or private keys", async () => {
  const found: string[] = [];
  for (const path of listProjectFiles()) {
    const file = Bun.file(join(PROJECT_ROOT, path));
    if (file.size > MAX_TEXT_BYTES) found.push(`${path}: ${file.size} bytes is no source file`);
    const text = await file.text();
    for (const [what, pattern] of FORBIDDEN) {
      const match = pattern.exec(text);
      if (match !== null) found.push(`${path}: ${what}: ${match[0]}`);
    }
  }
  expect(found).toEqual([]);
});

test("package.json pins exact versions", async () => {
  const manifest = await Bun.file(join(PROJECT_ROOT, "package.json")).json();
  const versions = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies });
  expect(
    versions.filter(([, version]) => !/^(npm:[\w@/.-]+@)?\d+\.\d+\.\d+(-[\w.]+)?$/.test(String(version))),
  ).toEqual([]);
});
