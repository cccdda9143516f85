/** Runs the load process and reads what it measured. */
import { join } from "node:path";

import type { LoadJob } from "./process.ts";

const STARTUP_MS = 10_000;

/** Requests per second. Throws when one of them failed; the process has then said how. */
export const measureLoad = async (job: LoadJob): Promise<number> => {
  const child = Bun.spawn(
    [process.execPath, "--no-env-file", join(import.meta.dir, "process.ts"), JSON.stringify(job)],
    {
      stdin: "ignore",
      stdout: "pipe",
      stderr: "inherit",
      timeout: job.warmUpMs + job.measuredMs + STARTUP_MS,
    },
  );
  const perSecond = Number(await new Response(child.stdout).text());
  if ((await child.exited) !== 0 || !(perSecond > 0)) throw new Error(`asking for ${job.url} failed`);
  return perSecond;
};
