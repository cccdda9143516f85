/** `bun run install-service`: Wrenn starts with the machine. */
import { exitWith } from "./failure.ts";
import { isRoot, runAsRoot } from "./rights.ts";
import { parseServiceFlags, SERVICE_USAGE } from "./service/flags.ts";
import { installService, removeService } from "./service/install.ts";

try {
  const flags = parseServiceFlags(process.argv.slice(2));
  if (flags.help) {
    console.log(SERVICE_USAGE);
    process.exit(0);
  }
  if (flags.root === null && !isRoot()) process.exit(await runAsRoot());
  await (flags.remove ? removeService(flags) : installService(flags));
  process.exit(0);
} catch (error) {
  exitWith("install-service", error);
}
