/** A page of 20 sandboxes over HTTP, and the same rows from a bare server in a process of its own. */
import { join } from "node:path";

import { parseSandboxId } from "../../../proto/ids.ts";
import { createApiClient } from "../../../server/up/api-client.ts";
import { pickList, pickString } from "../../../server/up/json.ts";
import type { Runner } from "../rounds.ts";
import { type BenchContext, timed } from "./context.ts";

const ROWS = 20;
const WARM_UPS = 200;
/** One repetition, so that turns are taken often. */
const READS_PER_ROUND = 20;

/** Starts `bare-server.ts`; resolves to its address when it listens. */
const startBareServer = async (databaseUrl: string, sandboxId: string) => {
  const child = Bun.spawn(
    [process.execPath, "--no-env-file", join(import.meta.dir, "..", "bare-server.ts"), sandboxId],
    {
      env: { ...process.env, DATABASE_URL: databaseUrl },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "inherit",
    },
  );
  for await (const line of child.stdout.pipeThrough(new TextDecoderStream())) {
    return { child, url: line.trim() };
  }
  throw new Error("the bare server ended before it listened");
};

export const apiReadRunners = async (context: BenchContext): Promise<Runner[]> => {
  const { product, client } = context;
  const api = createApiClient(product.url, { apiKey: product.apiKey });
  const read = (status: string) =>
    api.send({ method: "GET", path: `/v1/sandboxes?limit=${ROWS}&status=${status}` });
  // Earlier scenarios left plenty; alone, this one makes what is missing.
  for (let found = pickList(await read("stopped"), "items").length; found < ROWS; found++) {
    await (await client.create()).remove();
  }
  const [first] = pickList(await read("stopped"), "items");
  const sandboxId = parseSandboxId(pickString(first, "id"));
  if (sandboxId === null) throw new Error("the list holds no sandbox");
  const { child, url } = await startBareServer(product.databaseUrl, sandboxId);
  const bare = createApiClient(url, null);
  const runner = (subject: "wrenn" | "direct", once: () => Promise<unknown>): Runner => ({
    name: subject,
    once: async () => {
      const values = [];
      for (let done = 0; done < READS_PER_ROUND; done++) values.push(await timed(once));
      return values.map((value) => ({ case: "api_read" as const, subject, value }));
    },
  });
  const viaWrenn = () => read("stopped");
  const directly = () => bare.send({ method: "GET", path: "/" });
  for (let done = 0; done < WARM_UPS; done++) {
    await viaWrenn();
    await directly();
  }
  return [
    runner("wrenn", viaWrenn),
    {
      ...runner("direct", directly),
      dispose: async () => {
        child.kill();
        await child.exited;
      },
    },
  ];
};
