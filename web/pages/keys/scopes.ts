/** What keys may do, in words, and until when. */
import type { Choice } from "../../components/select.ts";
import type { Scope } from "../../state/keys.ts";

export const SCOPES: readonly { scope: Scope; label: string; hint: string }[] = [
  { scope: "read", label: "Read", hint: "Look at sandboxes, templates and metrics; not at files and logs." },
  {
    scope: "sandboxes",
    label: "Sandboxes",
    hint: "Launch, use and end sandboxes, with their files and traffic.",
  },
  { scope: "templates", label: "Templates", hint: "Make and delete snapshots and templates." },
];

export const ALL_SCOPES: readonly Scope[] = SCOPES.map(({ scope }) => scope);

const DAY_MS = 86_400_000;

export const EXPIRIES: readonly Choice[] = [
  { value: "", label: "Never" },
  { value: "7", label: "In 7 days" },
  { value: "30", label: "In 30 days" },
  { value: "90", label: "In 90 days" },
  { value: "365", label: "In a year" },
];

/** @param days one of the choices. */
export const expiryAfter = (days: string, nowMs: number): string | null =>
  days === "" ? null : new Date(nowMs + Number(days) * DAY_MS).toISOString();
