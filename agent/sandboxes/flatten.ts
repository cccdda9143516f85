/** Each fork or snapshot of a running sandbox adds a layer to its disk: deep chains become few layers again. */
import { describeError } from "../errors.ts";
import type { Host } from "./host.ts";
import { type Paused, writeJournal } from "./journal.ts";
import { pinLayers, removeUnusedLayers } from "./layers-in-use.ts";
import type { Sandbox } from "./sandbox.ts";

/** Reading through more layers than this costs more than a copy once. */
const MAX_LAYERS = 8;
/** A template that is deeper itself is copied with the rest. */
const MAX_SHARED = MAX_LAYERS / 2;

/** The template's own layers at the bottom, which its sandboxes share: a copy would be each one's alone. */
const sharedLayers = async (host: Host, { template, layers }: Paused): Promise<string[]> => {
  const found = (await host.templates.list()).find(
    ({ teamId, templateId }) => teamId === template.teamId && templateId === template.templateId,
  );
  const shared = found?.manifest.layers ?? [];
  const isBottom = shared.every((layer, index) => layers[index] === layer);
  return isBottom && shared.length <= MAX_SHARED ? shared : [];
};

/** Puts a new top on `below` and makes both the sandbox's disk, or leaves it as it was. */
const replaceLayers = async (
  host: Host,
  sandbox: Sandbox,
  journal: Paused,
  below: string[],
): Promise<void> => {
  const path = host.layout.sandboxJournal(sandbox.id);
  const top = await host.layers.create(below, { diskSizeMb: journal.diskSizeMb, uid: 0 });
  const next = { ...journal, layers: [...below, top] };
  sandbox.plannedLayers = next.layers;
  try {
    await writeJournal(path, next);
    sandbox.journal = next;
  } catch (error) {
    // It may stand all the same: until the old one is back its layers stay.
    await writeJournal(path, journal);
    sandbox.plannedLayers = [];
    await host.layers.remove(top);
    throw error;
  }
  sandbox.plannedLayers = [];
};

/** @param wanted aborted when another operation waits for the sandbox: it goes first */
const flattenPaused = async (host: Host, sandbox: Sandbox, wanted: AbortSignal): Promise<void> => {
  const { journal } = sandbox;
  if (journal?.state !== "paused" || journal.layers.length <= MAX_LAYERS) return;
  await host.work.during("flatten", sandbox.id, async (progress) => {
    progress("copying the disk", 0);
    const shared = await sharedLayers(host, journal);
    const flat = await host.layers
      .flatten(journal.layers, { keep: shared.length, signal: wanted })
      .catch((error: unknown) => {
        if (wanted.aborted) return null;
        throw error;
      });
    if (flat === null) return;
    const pin = pinLayers(host, [flat]);
    try {
      await replaceLayers(host, sandbox, journal, [...shared, flat]);
    } finally {
      pin[Symbol.dispose]();
      await removeUnusedLayers(host, [...journal.layers, flat]);
    }
  });
};

/** In the background, once it rests; a failure leaves the chain as it was until the next pause. */
export const flattenLater = (host: Host, sandbox: Sandbox): void => {
  const { journal } = sandbox;
  if (journal?.state !== "paused" || journal.layers.length <= MAX_LAYERS) return;
  void sandbox
    .exclusively("flatten", (wanted) => flattenPaused(host, sandbox, wanted))
    .catch((error: unknown) => {
      host.log.warn("flatten_failed", { sandbox: sandbox.id, error: describeError(error) });
    });
};
