/**
 * A PostgreSQL for one test process, as a process of its own: prints the URL, and is gone with all its files
 * when its standard input ends, which it does also when the tests are killed.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { startEmbedded } from "../../db/embedded.ts";

const directory = mkdtempSync(join(tmpdir(), "wrenn-test-postgres-"));
const server = await startEmbedded({ directory, database: "postgres", volatile: true });
console.log(server.url);
for await (const _ of Bun.stdin.stream()) {
  // Nothing is said; only the end counts.
}
await server.stop();
rmSync(directory, { recursive: true, force: true });
