/** By what the trail can be filtered. */
import type { Chip } from "../../components/chips.ts";

interface TypeOfEvent {
  value: string;
  label: string;
  actions: readonly string[];
  /** Members see none of them. */
  isForAdmins?: true;
}

const TYPES: readonly TypeOfEvent[] = [
  {
    value: "sandbox",
    label: "Sandboxes",
    actions: ["create", "pause", "resume", "fork", "destroy", "missing", "lost", "crashed", "returned"],
  },
  { value: "snapshot", label: "Snapshots", actions: ["create", "delete"] },
  { value: "api_key", label: "API keys", actions: ["create", "revoke"] },
  {
    value: "member",
    label: "Members",
    actions: ["add", "remove", "leave", "role_update"],
    isForAdmins: true,
  },
  { value: "team", label: "Team", actions: ["create", "rename", "delete", "transfer_ownership"] },
  {
    value: "host",
    label: "Hosts",
    actions: ["create", "delete", "token_issue", "drain", "undrain", "marked_down", "marked_up"],
  },
];

export const typeChips = (isMember: boolean): readonly Chip[] =>
  TYPES.filter(({ isForAdmins }) => !isMember || isForAdmins === undefined);

const labelOf = (action: string): string => {
  const words = action.replaceAll("_", " ");
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
};

/** What can have happened to things of one type; none while several are mixed. */
export const actionChips = (types: readonly string[]): readonly Chip[] => {
  const type = types.length === 1 ? TYPES.find(({ value }) => value === types[0]) : undefined;
  return (type?.actions ?? []).map((value) => ({ value, label: labelOf(value) }));
};
