/** Templates of this host as the server sees them: variants are the agent's own business. */
import { AgentError } from "../errors.ts";
import type { TemplateKey, TemplateManifest } from "../images/images.ts";
import { withoutTemplates } from "./ahead/ahead.ts";
import type { Host } from "./host.ts";
import { removeUnusedLayers } from "./layers-in-use.ts";

export interface ListedTemplate extends TemplateKey {
  manifest: TemplateManifest;
  sizeBytes: number;
}

export const listTemplates = async (host: Host): Promise<ListedTemplate[]> =>
  (await host.templates.list()).filter(({ manifest }) => manifest.variantOf === undefined);

const sameKey = (a: TemplateKey | null | undefined, b: TemplateKey): boolean =>
  a?.teamId === b.teamId && a.templateId === b.templateId;

const usersOf = (host: Host, key: TemplateKey): string[] =>
  [...host.sandboxes.values()]
    .filter(({ journal, plannedTemplate }) => {
      if (sameKey(plannedTemplate, key)) return true;
      if (journal === null || journal.state === "ended") return false;
      return journal.base.kind === "template" && sameKey(journal.base.key, key);
    })
    .map(({ id }) => id);

const variantsOf = async (host: Host, key: TemplateKey): Promise<TemplateKey[]> =>
  (await host.templates.list()).filter(({ manifest }) => sameKey(manifest.variantOf, key));

const deleteUnused = async (host: Host, key: TemplateKey): Promise<void> => {
  const all = await host.templates.list();
  const doomed = all.filter(
    (template) => sameKey(template, key) || sameKey(template.manifest.variantOf, key),
  );
  // A damaged template is not listed, and to delete it is its cure.
  const keys = [...doomed.filter((template) => !sameKey(template, key)), key];
  const users = keys.flatMap((one) => usersOf(host, one));
  if (users.length > 0) {
    throw new AgentError(
      "template_in_use",
      `template ${key.templateId} is in use by ${users.length} sandboxes, such as ${users.slice(0, 3).join(", ")}`,
    );
  }
  for (const one of keys) await host.templates.remove(one);
  await removeUnusedLayers(
    host,
    doomed.flatMap(({ manifest }) => manifest.layers),
  );
  host.log.info("template_deleted", { template: key.templateId, directories: keys.length });
};

/**
 * Ends its copies to and from other hosts first. Throws `template_in_use` while sandboxes map its memory or
 * that of its variants, `busy` while it is made: a success would be forgotten, and the template come after it.
 */
export const deleteTemplate = async (host: Host, key: TemplateKey): Promise<void> => {
  const { templateId } = key;
  if (host.templateBuilds.has(templateId) || host.doomedTemplates.has(templateId)) {
    throw new AgentError("busy", `template ${templateId} is being made or deleted; try again later`);
  }
  // Before its users are looked for: a create from now on is refused, one before is found.
  host.doomedTemplates.add(templateId);
  try {
    await host.copies.end(templateId);
    const ids = [templateId, ...(await variantsOf(host, key)).map((variant) => variant.templateId)];
    await withoutTemplates(host, ids, () => deleteUnused(host, key));
  } finally {
    host.doomedTemplates.delete(templateId);
  }
};
