/** What a team's limits are called, and how a typed one is read. */

export const LIMITS: readonly { name: string; label: string; unit: string; hint: string }[] = [
  { name: "sandboxes", label: "Sandboxes", unit: "sandboxes", hint: "Live ones, paused included." },
  { name: "vcpus", label: "Processors", unit: "vCPU", hint: "Of all live sandboxes together." },
  { name: "memory_mb", label: "Memory in MB", unit: "MB memory", hint: "Of all live sandboxes together." },
  { name: "paused_disk_mb", label: "Paused disk in MB", unit: "MB paused", hint: "Of all paused sandboxes." },
];

const LARGEST = 1_000_000_000;

/** Null: the instance's. */
export const readLimit = (text: string): number | null | "wrong" => {
  const typed = text.trim();
  if (typed === "") return null;
  const limit = Number(typed);
  return /^\d+$/.test(typed) && limit <= LARGEST ? limit : "wrong";
};

/** `20 sandboxes, 8 vCPU`; empty: it has none of its own. */
export const describeLimits = (limits: Readonly<Record<string, number>>): string =>
  LIMITS.flatMap(({ name, unit }) => {
    const limit = limits[name];
    return limit === undefined ? [] : [`${limit} ${unit}`];
  }).join(", ");
