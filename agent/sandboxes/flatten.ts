/** Each fork or snapshot of a running sandbox adds a layer to its disk: deep chains become one layer again. */
import { describeError } from "../errors.ts";
import type { Host } from "./host.ts";
import { writeJournal } from "./journal.ts";
import { pinLayers, removeUnusedLayers } from "./layers-in-use.ts";
import type { Sandbox } from "./sandbox.ts";

/** Reading through more layers than this costs more than a copy once. */
const MAX_LAYERS = 8;

const flattenPaused = async (host: Host, sandbox: Sandbox): Promise<void> => {
  const { journal } = sandbox;
  if (journal?.state !== "paused" || journal.layers.length <= MAX_LAYERS) return;
  await host.work.during("flatten", sandbox.id, async (progress) => {
    progress("copying the disk", 0);
    const before = journal.layers;
    const flat = await host.layers.flatten(before);
    using _flat = pinLayers(host, [flat]);
    const top = await host.layers.create([flat], { diskSizeMb: journal.diskSizeMb, uid: 0 });
    using _top = pinLayers(host, [top]);
    const next = { ...journal, layers: [flat, top] };
    await writeJournal(host.layout.sandboxJournal(sandbox.id), next);
    sandbox.journal = next;
    await removeUnusedLayers(host, before);
  });
};

/** In the background, once it rests; a failure leaves the chain as it was until the next pause. */
export const flattenLater = (host: Host, sandbox: Sandbox): void => {
  const { journal } = sandbox;
  if (journal?.state !== "paused" || journal.layers.length <= MAX_LAYERS) return;
  void sandbox
    .exclusively("flatten", () => flattenPaused(host, sandbox))
    .catch((error: unknown) => {
      host.log.warn("flatten_failed", { sandbox: sandbox.id, error: describeError(error) });
    });
};
