/**
 * Takes a snapshot of another host in. It is here whole or not at all: sandboxes are made of it only after
 * the last file has been checked.
 */
import { AgentError } from "../errors.ts";
import type { Progress, Template, TemplateKey } from "../images/images.ts";
import { withStaging } from "../images/staging.ts";
import { parsePart } from "../images/template-parts.ts";
import { moveOwn, placeShared, readReceivedManifest } from "../images/template-placing.ts";
import { BadTemplate, checkPlan, findMissing, requireRoom } from "../images/template-plan.ts";
import { TemplateReceiver } from "../images/template-receiver.ts";
import { guarded } from "../system/guarded-iteration.ts";
import type { Exported, TemplatePlan } from "./export-template.ts";
import type { Host } from "./host.ts";
import { pinLayers } from "./layers-in-use.ts";

/** Throws `runtime_mismatch`, `draining`, and what a plan that no agent makes throws. */
const checkImport = (host: Host, { files, runtimeId }: TemplatePlan): void => {
  if (host.draining) throw new AgentError("draining", "this host is being drained and takes no templates");
  if (runtimeId !== host.runtime.runtimeId) {
    throw new AgentError(
      "runtime_mismatch",
      `the snapshot was saved by ${runtimeId} and this host runs ${host.runtime.runtimeId}`,
    );
  }
  checkPlan(files);
};

/** Null when the template is here. Throws `busy` while it is deleted, `disk_full`, `runtime_mismatch`. */
export const planImport = async (
  host: Host,
  key: TemplateKey,
  plan: TemplatePlan,
): Promise<string[] | null> => {
  checkImport(host, plan);
  if ((await host.templates.open(key)) !== null) return null;
  const missing = await findMissing(host.layout, key, plan.files);
  await requireRoom(host.layout, missing);
  return missing.map(({ name }) => name);
};

const layersOf = ({ files }: TemplatePlan): string[] =>
  files.flatMap(({ name }) => {
    const part = parsePart(name);
    return part.kind === "layer" ? [part.layerId] : [];
  });

/** A source that sends nothing for so long is gone, whatever its connection says. */
const IDLE_MS = 30_000;
/** Share of the work that is done when everything has been written. */
const RECEIVED = 0.95;

const receive = async (
  receiver: TemplateReceiver,
  content: AsyncIterable<Exported>,
  { total, progress }: { total: number; progress: Progress },
): Promise<void> => {
  let done = 0;
  try {
    for await (const part of content) {
      if (part.kind === "file") {
        await receiver.begin(part.name);
        continue;
      }
      await receiver.add(part);
      done += part.kind === "data" ? part.bytes.byteLength : part.size;
      progress("receiving", (RECEIVED * done) / Math.max(1, total));
    }
    await receiver.finish();
  } finally {
    await receiver.close();
  }
};

const bringIn = async (
  host: Host,
  key: TemplateKey,
  { plan, content, progress }: { plan: TemplatePlan; content: AsyncIterable<Exported>; progress: Progress },
): Promise<Template> => {
  const { layout } = host;
  // Before they are looked for: a layer that is here stays here.
  using _layers = pinLayers(host, layersOf(plan));
  const missing = await findMissing(layout, key, plan.files);
  await requireRoom(layout, missing);
  return await withStaging(layout, "import", async (aside) => {
    const total = missing.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    await receive(new TemplateReceiver(layout, aside, missing), content, { total, progress });
    progress("checking", RECEIVED);
    const manifest = await readReceivedManifest(aside, plan.files);
    if (manifest.type !== "snapshot" || manifest.variantOf !== undefined) {
      throw new BadTemplate("only snapshots are copied");
    }
    if (manifest.runtimeId !== plan.runtimeId) throw new BadTemplate("its runtime is another one");
    const received = new Set(missing.map(({ name }) => name));
    await placeShared(layout, aside, { manifest, received });
    return await host.templates.publish(key, async (directory) => {
      await moveOwn(aside, directory, manifest);
      return manifest;
    });
  });
};

const requireFree = ({ doomedTemplates, templateBuilds }: Host, templateId: string): void => {
  if (doomedTemplates.has(templateId) || templateBuilds.has(templateId)) {
    throw new AgentError("busy", `template ${templateId} is being made or deleted; try again later`);
  }
};

/**
 * `content` brings the plan's files that are missing here, each named before its pieces. Twice at once is
 * one import, unless the first fell silent. Throws `invalid_request` when it is not what the plan says,
 * `runtime_mismatch`, `draining`, `disk_full`, `busy`, `template_not_found` when the template is deleted
 * meanwhile; nothing is left then.
 */
export const importTemplate = async (
  host: Host,
  key: TemplateKey,
  { plan, content, signal }: { plan: TemplatePlan; content: AsyncIterable<Exported>; signal: AbortSignal },
): Promise<Template> => {
  const { templateId } = key;
  checkImport(host, plan);
  requireFree(host, templateId);
  return await host.copies.bringIn(templateId, signal, async (ended, onWait) => {
    // Again: it may have waited for the end of an earlier one.
    requireFree(host, templateId);
    const present = await host.templates.open(key);
    if (present !== null) return present;
    return await host.work.during("template_copy", templateId, (progress) =>
      bringIn(host, key, {
        plan,
        content: guarded(content, { signal: ended, idleMs: IDLE_MS, onWait }),
        progress,
      }),
    );
  });
};
