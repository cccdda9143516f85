/** A command in a sandbox that has run the same one often: over HTTP, and asked of the guest agent itself. */
import { connectDirectly } from "../direct.ts";
import type { Runner } from "../rounds.ts";
import { type BenchContext, timed } from "./context.ts";

const WARM_UPS = 20;
/** One repetition, so that turns are taken often. */
const COMMANDS_PER_ROUND = 5;
const COMMAND = "true";

export const warmExecRunners = async (context: BenchContext): Promise<Runner[]> => {
  const sandbox = await context.client.create();
  const direct = await connectDirectly(sandbox, context.template.layout.instanceId);
  const runner = (subject: "wrenn" | "direct", run: () => Promise<unknown>): Runner => ({
    name: subject,
    once: async () => {
      const values = [];
      for (let done = 0; done < COMMANDS_PER_ROUND; done++) values.push(await timed(run));
      return values.map((value) => ({ case: "warm_exec" as const, subject, value }));
    },
  });
  for (let done = 0; done < WARM_UPS; done++) {
    await sandbox.exec(COMMAND);
    await direct(COMMAND);
  }
  return [runner("wrenn", () => sandbox.exec(COMMAND)), runner("direct", () => direct(COMMAND))];
};
