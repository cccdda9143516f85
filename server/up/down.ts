/** `bun run down`: what it needs is installed first, the rest is in `run-down.ts`. */
import { requireDependencies } from "./dependencies.ts";
import { exitWith } from "./failure.ts";
import { isRoot, runAsRoot } from "./rights.ts";

try {
  await requireDependencies({ production: true });
  if (!isRoot()) process.exit(await runAsRoot());
  const { runDown } = await import("./run-down.ts");
  await runDown(process.argv.slice(2));
  process.exit(0);
} catch (error) {
  exitWith("down", error);
}
