/**
 * A PostgreSQL for one test process, as a process of its own: prints the URL, and is gone with all its files
 * when its standard input ends, which it does also when the tests are killed. What one that was killed
 * itself left behind, the next one clears.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { startEmbedded } from "../../db/embedded.ts";

const PREFIX = "wrenn-test-postgres-";

const signal = (pid: number, name: NodeJS.Signals | 0): boolean => {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
};

const readPid = (path: string): number | null => {
  try {
    const pid = Number(readFileSync(path, "utf8").split("\n", 1)[0]);
    return pid > 1 ? pid : null;
  } catch {
    return null;
  }
};

const isPostgres = (pid: number): boolean => {
  try {
    return readFileSync(`/proc/${pid}/comm`, "utf8").trim() === "postgres";
  } catch {
    return false;
  }
};

const clearAbandoned = (): void => {
  for (const name of readdirSync(tmpdir()).filter((entry) => entry.startsWith(PREFIX))) {
    const directory = join(tmpdir(), name);
    const owner = readPid(join(directory, "owner.pid"));
    if (owner === null || signal(owner, 0)) continue;
    const server = readPid(join(directory, "data/postmaster.pid"));
    if (server !== null && isPostgres(server)) signal(server, "SIGQUIT");
    rmSync(directory, { recursive: true, force: true });
  }
};

clearAbandoned();
const directory = mkdtempSync(join(tmpdir(), PREFIX));
writeFileSync(join(directory, "owner.pid"), `${process.pid}\n`);
const server = await startEmbedded({ directory, database: "postgres", volatile: true });
console.log(server.url);
for await (const _ of Bun.stdin.stream()) {
  // Nothing is said; only the end counts.
}
await server.stop();
rmSync(directory, { recursive: true, force: true });
