/**
 * What a sandbox is asked that has been asked the same often: over HTTP, and the guest agent itself. A command,
 * and a small file written and read.
 */
import type { CaseName } from "../cases.ts";
import { connectDirectly } from "../direct.ts";
import type { Runner } from "../rounds.ts";
import { type BenchContext, timed } from "./context.ts";

const WARM_UPS = 20;
/** One repetition, so that turns are taken often. */
const ASKED_PER_ROUND = 5;
const COMMAND = "true";
const FILE = { path: "warm", content: "x".repeat(1_024) };

interface Asked {
  exec(cmd: string): Promise<unknown>;
  writeAndRead(path: string, content: string): Promise<void>;
}

const warmRunners =
  (name: CaseName, ask: (asked: Asked) => Promise<unknown>) =>
  async (context: BenchContext): Promise<Runner[]> => {
    const wrenn = await context.client.create();
    const direct = await connectDirectly(wrenn, context.template.layout.instanceId);
    const runner = (subject: "wrenn" | "direct", asked: Asked): Runner => ({
      name: subject,
      once: async () => {
        const values = [];
        for (let done = 0; done < ASKED_PER_ROUND; done++) values.push(await timed(() => ask(asked)));
        return values.map((value) => ({ case: name, subject, value }));
      },
    });
    for (let done = 0; done < WARM_UPS; done++) {
      await ask(wrenn);
      await ask(direct);
    }
    return [runner("wrenn", wrenn), runner("direct", direct)];
  };

export const warmExecRunners = warmRunners("warm_exec", (asked) => asked.exec(COMMAND));
export const warmFileRunners = warmRunners("warm_file", (asked) =>
  asked.writeAndRead(FILE.path, FILE.content),
);
