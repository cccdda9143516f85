/**
 * `bun run up`: from a fresh clone to a running Wrenn. This module imports nothing that needs an installed
 * package: installing them is its first step.
 */
import { continueAfterInstall, installDependencies, priorInstallMs } from "./dependencies.ts";
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
  const installMs = priorInstallMs();
  const steps = createSteps(standardOutput(), installMs ?? 0);
  if (installMs === null) {
    const installed = await steps.run("the project's packages", async (step) => {
      const result = await installDependencies({ production: true });
      if (result.isChanged) step.downloaded(result.durationMs);
      step.detail(result.isChanged ? "installed" : "all there");
      return result;
    });
    if (installed.isChanged) await continueAfterInstall(installed);
  }
  if (!isRoot()) process.exit(await runAsRoot());
  const { runUp } = await import("./run-up.ts");
  process.exit(await runUp(flags, steps));
} catch (error) {
  exitWith("up", error);
}
