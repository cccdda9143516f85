/** `bun run check`: everything that can be judged without running the product, all at once. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { installDependencies, PROJECT_DIRECTORY } from "../server/up/dependencies.ts";

interface Check {
  name: string;
  /** What it found, for a person; null when all is well. */
  run(): Promise<string | null>;
}

const DEADLINE_MS = 180_000;

/** Runs a tool, in the project's root unless told otherwise; its output when it fails. */
const tool = async (argv: string[], cwd = PROJECT_DIRECTORY): Promise<string | null> => {
  const child = Bun.spawn(argv, {
    cwd,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    env: { ...process.env, NO_COLOR: "1" },
    timeout: DEADLINE_MS,
  });
  const [stdout, stderr, exitCode] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return exitCode === 0 ? null : `${stdout}${stderr}`.trim() || `exit code ${exitCode}`;
};

const bun = (...args: string[]): Promise<string | null> => tool([process.execPath, ...args]);
/** A development package's command, under Bun: a machine without node runs the same. */
const bunx = (...args: string[]): Promise<string | null> => bun("x", "--bun", ...args);

const WEB_DIRECTORY = join(PROJECT_DIRECTORY, "web");

/** In `web/`, whose compiler options count; by name, because its own search finds nothing under Bun. */
const analyzeTemplates = async (): Promise<string | null> => {
  const files = [...new Bun.Glob("**/*.ts").scanSync({ cwd: WEB_DIRECTORY })].filter(
    (path) => !/\.(?:test|d)\.ts$/.test(path),
  );
  if (files.length === 0) return "web/ has no sources to analyze";
  return tool([process.execPath, "x", "--bun", "lit-analyzer", "--strict", ...files], WEB_DIRECTORY);
};

/** Generates the wire code aside and compares it with the committed one. */
const findStaleCode = async (): Promise<string | null> => {
  const aside = mkdtempSync(join(tmpdir(), "wrenn-generated-"));
  try {
    const failure = await bunx("buf", "generate", "--output", aside);
    if (failure !== null) return failure;
    const difference = await tool(["diff", "-r", join(aside, "proto", "gen"), "proto/gen"]);
    return difference === null ? null : `proto/gen is stale; run "bun run generate".\n${difference}`;
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
};

const CHECKS: Check[] = [
  { name: "format", run: () => bun("fmt", "--check", "--no-script") },
  { name: "types", run: () => bun("check", "--no-script") },
  { name: "types of web", run: () => bun("check", "--no-script", "-p", "web") },
  { name: "lint", run: () => bunx("oxlint", "--type-aware", "--deny-warnings") },
  { name: "templates", run: analyzeTemplates },
  { name: "protocol", run: () => bunx("buf", "lint") },
  { name: "generated code", run: findStaleCode },
  { name: "import rules", run: () => bun("test", "./test/rules") },
];

await installDependencies({ production: false });
const failed = await Promise.all(
  CHECKS.map(async ({ name, run }) => {
    const startedAt = performance.now();
    const found = await run();
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
    console.log(
      `${found === null ? "ok    " : "FAILED"} ${name} (${seconds} s)${found === null ? "" : `\n${found}`}`,
    );
    return found !== null;
  }),
);
const failures = failed.filter(Boolean).length;
console.log(failures === 0 ? "all checks passed" : `${failures} of ${CHECKS.length} checks failed`);
process.exit(failures === 0 ? 0 : 1);
