/** What happened to a sandbox, in a sentence: who is the subject. */
import type { AuditEntry } from "../../state/sandbox-activity.ts";
import { shortId } from "../../text/format.ts";
import { describeReason } from "../sandboxes/status.ts";

const textOf = (metadata: AuditEntry["metadata"], name: string): string => {
  const value = typeof metadata === "object" && metadata !== null ? Reflect.get(metadata, name) : undefined;
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
};

export const actorName = ({ actor_type: type, actor_name: name }: AuditEntry): string =>
  type === "system" ? "Wrenn" : (name ?? "Somebody");

/** Without its subject: `paused it`. */
export const describeAction = ({ action, status, metadata }: AuditEntry): string => {
  const reason = textOf(metadata, "reason");
  const because = reason === "" ? "" : `: ${describeReason(reason)}`;
  switch (action) {
    case "create":
      if (status === "error") return `could not launch it${because}`;
      return `launched it from ${textOf(metadata, "template") || "a template"}`;
    case "pause":
      return `paused it${because}`;
    case "resume":
      return `resumed it${because}`;
    case "fork":
      return `forked it from ${shortId(textOf(metadata, "source"))}`;
    case "destroy":
      return `deleted it${because}`;
    case "preview_url":
      return `made a preview link to port ${textOf(metadata, "port")}`;
    case "missing":
      return `lost sight of it${because}`;
    case "lost":
      return `found it gone from its host${because}`;
    case "crashed":
      return `saw its machine end${because}`;
    case "returned":
      return "saw it return";
    default:
      return `${action.replaceAll("_", " ")}${because}`;
  }
};
