/** How far the template is that first sandboxes start from, as a host and the list of templates tell. */
import type { HostDetail, HostWork } from "../../state/hosts.ts";
import type { Template } from "../../state/templates.ts";
import { FIRST_TEMPLATE } from "../sandboxes/launch-choices.ts";

export type TemplateStage =
  /** Nothing can be said yet: there is no host, or it has not answered. */
  | { kind: "unknown" }
  /** The host has it not, and has not begun. */
  | { kind: "due" }
  /** `step` is empty where nobody told. */
  | { kind: "building"; progress: number; step: string }
  | { kind: "failed"; error: string }
  | { kind: "there" };

const isItsBuild = ({ kind, subject }: HostWork): boolean =>
  kind === "template_build" && subject === FIRST_TEMPLATE;

/**
 * @param detail of the host that matters; null while it is not known
 * @param template as the list has it, which live events keep; undefined while it is not known
 */
export const judgeTemplate = (detail: HostDetail | null, template: Template | undefined): TemplateStage => {
  const told = template?.building ?? null;
  if (detail === null)
    return told === null ? { kind: "unknown" } : { kind: "building", progress: told, step: "" };
  if (detail.templates.includes(FIRST_TEMPLATE)) return { kind: "there" };
  const work = detail.work.find(isItsBuild);
  if (work !== undefined && work.error !== "") return { kind: "failed", error: work.error };
  if (work === undefined && told === null) return { kind: "due" };
  return { kind: "building", progress: Math.max(work?.progress ?? 0, told ?? 0), step: work?.step ?? "" };
};

/** The same for those who see no hosts. */
export const judgeUnseen = (template: Template | undefined): TemplateStage => {
  if (template === undefined) return { kind: "unknown" };
  if (template.hosts > 0) return { kind: "there" };
  if (template.building === null) return { kind: "due" };
  return { kind: "building", progress: template.building, step: "" };
};
