/** By what the trail can be filtered. */
import type { Chip } from "../../components/chips.ts";

interface TypeOfEvent {
  value: string;
  label: string;
  actions: readonly string[];
  /** Members see none of them. */
  isForAdmins?: true;
  /** In the platform's trail there are such things, or only there. */
  onPlatform?: "too" | "only";
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
    onPlatform: "too",
  },
  {
    value: "user",
    label: "Accounts",
    actions: [
      "signup",
      "login",
      "login_failed",
      "password_change",
      "session_revoke",
      "identity_link",
      "identity_unlink",
      "disable",
      "enable",
      "admin_grant",
      "admin_revoke",
      "reset_link",
    ],
    onPlatform: "only",
  },
  { value: "team", label: "Teams", actions: ["delete", "set_byoc", "set_limits"], onPlatform: "only" },
];

export const typeChips = (isMember: boolean): readonly Chip[] =>
  TYPES.filter(
    ({ isForAdmins, onPlatform }) => onPlatform !== "only" && (!isMember || isForAdmins === undefined),
  );

export const platformChips = (): readonly Chip[] =>
  TYPES.filter(({ onPlatform }) => onPlatform !== undefined);

const labelOf = (action: string): string => {
  const words = action.replaceAll("_", " ");
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
};

/** What can have happened to things of one type; none while several are mixed. */
export const actionChips = (types: readonly string[], isPlatform: boolean): readonly Chip[] => {
  const foreign = isPlatform ? undefined : "only";
  const type = TYPES.find(({ value, onPlatform }) => value === types[0] && onPlatform !== foreign);
  return types.length === 1 ? (type?.actions ?? []).map((value) => ({ value, label: labelOf(value) })) : [];
};
