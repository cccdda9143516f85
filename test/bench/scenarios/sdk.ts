/**
 * The published e2b package through the server, and the same package pointed straight at the guest agent: what
 * lies between is all that Wrenn adds.
 */
import { Sandbox } from "e2b";

import { formatHexId, parseSandboxId } from "../../../proto/ids.ts";
import type { CaseName } from "../cases.ts";
import { guestUrl } from "../guest-address.ts";
import type { Runner } from "../rounds.ts";
import { type BenchContext, timed } from "./context.ts";

const WARM_UPS = 20;
/** One repetition, so that turns are taken often. */
const OPERATIONS_PER_ROUND = 5;
const SMALL_FILE = "x".repeat(1_024);

type Operation = (sandbox: Sandbox) => Promise<unknown>;

const compare =
  (name: CaseName, operation: Operation) =>
  async ({ client, product, template }: BenchContext): Promise<Runner[]> => {
    const made = await client.create();
    const sandboxId = formatHexId(parseSandboxId(made.id) ?? "");
    const { url, apiKey } = product;
    const reach = (sandboxUrl: string) => Sandbox.connect(sandboxId, { apiUrl: url, apiKey, sandboxUrl });
    const { slotIndex } = await made.journal();
    const direct = await reach(await guestUrl(slotIndex, template.layout.instanceId));
    const through = await reach(url);
    const runner = (subject: "wrenn" | "direct", sandbox: Sandbox): Runner => ({
      name: subject,
      once: async () => {
        const values = [];
        for (let done = 0; done < OPERATIONS_PER_ROUND; done++) {
          values.push(await timed(() => operation(sandbox)));
        }
        return values.map((value) => ({ case: name, subject, value }));
      },
    });
    for (let done = 0; done < WARM_UPS; done++) {
      await operation(through);
      await operation(direct);
    }
    return [runner("wrenn", through), runner("direct", direct)];
  };

export const sdkExecRunners = compare("sdk_exec", ({ commands }) => commands.run("true"));

export const sdkFileRunners = compare("sdk_file", async ({ files }) => {
  await files.write("small", SMALL_FILE);
  if ((await files.read("small")) !== SMALL_FILE) throw new Error("another file came back");
});
