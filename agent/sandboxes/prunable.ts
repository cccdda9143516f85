/**
 * What nothing on a host refers to: told by journals and manifests alone, so it is asked while no agent
 * works in the directory.
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";

import { isUuid } from "../../proto/ids.ts";
import type { TemplateKey, TemplateManifest, TemplateStore } from "../images/images.ts";
import type { Layout } from "../images/layout.ts";
import { RECIPE_ID } from "../images/minimal-recipe.ts";
import { findUnusedBootFiles } from "../images/unused-boot-files.ts";
import { type Ended, type Journal, readJournal } from "./journal.ts";
import { UNREADABLE_NAME } from "./set-aside.ts";

export interface Prunable {
  kind: "variant" | "layer" | "kernel" | "drive" | "cache" | "staging";
  path: string;
  /** Of a variant. */
  key?: TemplateKey;
}

/** Why hardly anything can be pruned: what something stands on is not known. */
export class NotAllKnown extends Error {
  override name = "NotAllKnown";
}

type Kept = Exclude<Journal, Ended>;

/** Of all sandboxes that are not ended. Throws `NotAllKnown`. */
const readJournals = async (layout: Layout): Promise<Kept[]> => {
  const kept: Kept[] = [];
  for (const id of (await readdir(layout.sandboxes)).filter(isUuid)) {
    const unknown = (cause?: unknown) =>
      new NotAllKnown(`the journal of sandbox ${id} cannot be read: repair it or delete the sandbox`, {
        cause,
      });
    if ((await readdir(layout.sandboxDirectory(id))).includes(UNREADABLE_NAME)) throw unknown();
    const journal = await readJournal(layout.sandboxJournal(id), id).catch((error: unknown) => {
      throw unknown(error);
    });
    if (journal !== null && journal.state !== "ended") kept.push(journal);
  }
  return kept;
};

interface Referring {
  journals: Kept[];
  /** Those that stay. */
  manifests: TemplateManifest[];
}

const namesIn = async (directory: string): Promise<{ name: string; path: string }[]> =>
  (await readdir(directory)).map((name) => ({ name, path: join(directory, name) }));

const unusedBootFiles = async (
  kind: "kernel" | "drive",
  directory: string,
  used: ReadonlySet<string>,
): Promise<Prunable[]> =>
  (await findUnusedBootFiles(directory, used)).map((path): Prunable => ({ kind, path }));

/** Of the cache: what only an older recipe of `minimal` needs, and what a write that was cut off has left. */
const isUseless = (name: string): boolean =>
  name.startsWith("minimal-") ? name !== `minimal-${RECIPE_ID}.raw` : name.endsWith(".new");

const unusedLayers = async (layout: Layout, { journals, manifests }: Referring): Promise<Prunable[]> => {
  const used = new Set([...journals, ...manifests].flatMap(({ layers }) => layers));
  return (await namesIn(layout.layers))
    .filter(({ name }) => !used.has(name.split(".")[0] ?? ""))
    .map(({ path }): Prunable => ({ kind: "layer", path }));
};

/** What an agent left when it was ended in the middle of its work. */
export const findStaged = async (layout: Layout): Promise<Prunable[]> =>
  (await namesIn(layout.staging)).map(({ path }): Prunable => ({ kind: "staging", path }));

/** In an order in which it may be removed. The caller holds the directory's lock. Throws `NotAllKnown`. */
export const findPrunable = async (layout: Layout, templates: TemplateStore): Promise<Prunable[]> => {
  const [damaged] = await templates.listDamaged();
  if (damaged !== undefined) {
    throw new NotAllKnown(
      `the manifest of template ${damaged.templateId} cannot be read: delete the template`,
    );
  }
  const journals = await readJournals(layout);
  const isStoodOn = ({ teamId, templateId }: TemplateKey): boolean =>
    journals.some(
      ({ base }) =>
        base.kind === "template" && base.key.teamId === teamId && base.key.templateId === templateId,
    );
  const all = await templates.list();
  const unused = all.filter((one) => one.manifest.variantOf !== undefined && !isStoodOn(one));
  const manifests = all.filter((one) => !unused.includes(one)).map(({ manifest }) => manifest);
  const bootFiles = new Set(
    [...journals, ...manifests].flatMap(({ kernelDigest, guestDriveDigest }) => [
      kernelDigest,
      guestDriveDigest,
    ]),
  );
  return [
    ...unused.map(({ teamId, templateId }): Prunable => ({
      kind: "variant",
      path: layout.templateDirectory(teamId, templateId),
      key: { teamId, templateId },
    })),
    ...(await unusedLayers(layout, { journals, manifests })),
    ...(await unusedBootFiles("kernel", layout.kernels, bootFiles)),
    ...(await unusedBootFiles("drive", layout.drives, bootFiles)),
    ...(await namesIn(layout.cache))
      .filter(({ name }) => isUseless(name))
      .map(({ path }): Prunable => ({ kind: "cache", path })),
    ...(await findStaged(layout)),
  ];
};
