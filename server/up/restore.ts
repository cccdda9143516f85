/** `bun run restore FILE [--dir D]`: a backup into an empty database, whole or not at all. */
import { parseFileCommand } from "./backup/command.ts";
import { requireDependencies } from "./dependencies.ts";
import { exitWith } from "./failure.ts";

try {
  const { file, dir } = parseFileCommand("restore", process.argv.slice(2));
  await requireDependencies({ production: true });
  const { withDatabase } = await import("./backup/open-database.ts");
  const { loadDatabase } = await import("./backup/load.ts");
  const tables = await withDatabase({ dir, exclusive: true }, ({ sql, url }) =>
    loadDatabase(sql, { url, path: file }),
  );
  console.log(
    `restored ${tables} tables. Sandboxes of hosts that this backup does not know are paused and set aside, ` +
      "not destroyed, when their hosts report.",
  );
  process.exit(0);
} catch (error) {
  exitWith("restore", error);
}
