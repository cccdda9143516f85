/** What can be done to a template from the list. */
import { ApiFailure } from "../../api/failure.ts";
import { askConfirm } from "../../components/confirm.ts";
import type { MenuEntry } from "../../components/menu.ts";
import { navigate } from "../../router.ts";
import type { Sandbox } from "../../state/sandboxes.ts";
import { deleteTemplate, type Template } from "../../state/templates.ts";
import { showFailure, showToast } from "../../state/toasts.ts";
import { plural, shortId } from "../../text/format.ts";

/** What is in the way, and where that can be dealt with. */
const tellInUse = async ({ name }: Template, sandboxIds: readonly string[]): Promise<void> => {
  const goes = await askConfirm({
    heading: `${name} is in use`,
    text: `${plural(sandboxIds.length, "sandbox was", "sandboxes were")} made from it and still need it. Delete them first.`,
    ends: sandboxIds.map(shortId),
    action: "Show them",
    mild: true,
  });
  if (goes) navigate(`/dashboard/sandboxes?${new URLSearchParams({ q: name })}`);
};

/** Empty: it was refused for something else. */
const usersIn = (error: unknown): readonly string[] => {
  if (!(error instanceof ApiFailure) || error.code !== "in_use") return [];
  const { sandbox_ids: ids } = error.details;
  return Array.isArray(ids) ? ids.filter((id) => typeof id === "string") : [];
};

/** @param users the live sandboxes that were made from it, as far as they are known here. */
const remove = async (template: Template, users: readonly Sandbox[]): Promise<void> => {
  if (users.length > 0)
    return tellInUse(
      template,
      users.map(({ id }) => id),
    );
  const { name, hosts } = template;
  const agreed = await askConfirm({
    heading: `Delete ${name}?`,
    text: "No sandbox depends on it. Nothing can start from it any more, and its files go for good.",
    ends: [hosts === 0 ? "No host holds it" : `Its files on ${plural(hosts, "host")}`],
    action: "Delete snapshot",
  });
  if (!agreed) return;
  try {
    await deleteTemplate(template);
    showToast(`${name} is deleted.`);
  } catch (error) {
    const ids = usersIn(error);
    if (ids.length > 0) await tellInUse(template, ids);
    else showFailure(error);
  }
};

/** Why it cannot be deleted by anybody; undefined: it can. */
const keptBecause = ({ owner, type }: Template): string | undefined => {
  if (owner === "platform") return "It belongs to the platform, and every team uses it.";
  return type === "base" ? "Only snapshots are deleted here." : undefined;
};

export interface TemplateDialogs {
  launch(template: Template): void;
  /** How programs use it. */
  use(template: Template): void;
  usersOf(template: Template): readonly Sandbox[];
}

export const entriesFor = (template: Template, dialogs: TemplateDialogs): readonly MenuEntry[] => {
  const kept = keptBecause(template);
  return [
    { label: "Launch a sandbox…", icon: "plus", run: () => dialogs.launch(template) },
    { label: "Use it in code", icon: "terminal", run: () => dialogs.use(template) },
    "line",
    {
      label: "Delete…",
      icon: "trash",
      danger: true,
      ...(kept !== undefined && { reason: kept }),
      run: () => void remove(template, dialogs.usersOf(template)),
    },
  ];
};
