/** Twenty at once: copies of one running sandbox, and sandboxes asked for at the same time. */
import type { Runner } from "../rounds.ts";
import { type BenchContext, FIRST_COMMAND, timed } from "./context.ts";

const CROWD = 20;

/** Until all copies have been handed out. */
export const fork20Runners = async ({ client }: BenchContext): Promise<Runner[]> => [
  {
    name: "wrenn",
    once: async () => {
      const source = await client.create();
      await source.exec(...FIRST_COMMAND);
      const startedAt = performance.now();
      const children = await source.fork(CROWD);
      const value = performance.now() - startedAt;
      for (const sandbox of [...children, source]) await sandbox.remove();
      return [{ case: "fork_20", subject: "wrenn", value }];
    },
  },
];

/** Until the last one has been handed out. */
export const burst20Runners = async ({ client }: BenchContext): Promise<Runner[]> => [
  {
    name: "wrenn",
    once: async () => {
      const sandboxes = Array.from({ length: CROWD }, () => client.create());
      const value = await timed(() => Promise.all(sandboxes));
      for (const sandbox of await Promise.all(sandboxes)) await sandbox.remove();
      return [{ case: "burst_20", subject: "wrenn", value }];
    },
  },
];
