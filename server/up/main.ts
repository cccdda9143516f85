/**
 * `bun run up`: from a fresh clone to a running Wrenn. This module imports nothing that needs an installed
 * package: installing them is its first step.
 */
import { installDependencies } from "./dependencies.ts";
import { exitWith } from "./failure.ts";
import { parseUpFlags, UP_USAGE } from "./flags.ts";
import { isRoot, runAsRoot } from "./rights.ts";
import { createSteps, standardOutput } from "./steps.ts";

try {
  const flags = parseUpFlags(process.argv.slice(2));
  if (flags.help) {
    console.log(UP_USAGE);
    process.exit(0);
  }
  const steps = createSteps(standardOutput());
  await steps.run("the project's packages", async (step) => {
    const { durationMs, isChanged } = await installDependencies({ production: true });
    if (isChanged) step.downloaded(durationMs);
    step.detail(isChanged ? "installed" : "all there");
  });
  if (!isRoot()) process.exit(await runAsRoot());
  const { runUp } = await import("./run-up.ts");
  process.exit(await runUp(flags, steps));
} catch (error) {
  exitWith("up", error);
}
