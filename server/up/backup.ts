/** `bun run backup FILE [--dir D]`: the database and the instance's identity in one file. */
import { parseFileCommand } from "./backup/command.ts";
import { requireDependencies } from "./dependencies.ts";
import { exitWith } from "./failure.ts";

try {
  const { file, dir } = parseFileCommand("backup", process.argv.slice(2));
  await requireDependencies({ production: true });
  const { withDatabase } = await import("./backup/open-database.ts");
  const { dumpDatabase } = await import("./backup/dump.ts");
  const { tables, sizeBytes } = await withDatabase({ dir, exclusive: false }, ({ sql }) =>
    dumpDatabase(sql, file),
  );
  console.log(
    `${file}: ${tables} tables, ${Math.ceil(sizeBytes / 1_024)} KB. It holds secrets: keep it private.`,
  );
  process.exit(0);
} catch (error) {
  exitWith("backup", error);
}
