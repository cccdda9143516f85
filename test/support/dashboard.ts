/** The built dashboard for tests: what the run prepared, or built for this process. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { buildDashboard } from "../../server/up/dashboard-build.ts";

let own: Promise<string> | null = null;

const buildOwn = async (): Promise<string> => {
  const directory = mkdtempSync(join(tmpdir(), "wrenn-web-"));
  process.on("exit", () => rmSync(directory, { recursive: true, force: true }));
  return (await buildDashboard(directory)).directory;
};

/** What `WRENN_WEB_DIR` takes. `WRENN_TEST_WEB` names the one that all files of a run share. */
export const testDashboard = (): Promise<string> => {
  const given = process.env["WRENN_TEST_WEB"];
  if (given) return Promise.resolve(given);
  own ??= buildOwn();
  return own;
};
