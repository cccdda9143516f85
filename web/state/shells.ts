/**
 * The shells that this tab opened in sandboxes: their names, under which they are found again after a reload or
 * another page. They live in the sandbox, not here.
 */
import { randomName } from "../text/random-name.ts";
import { Store } from "./store.ts";

export interface Shell {
  /** As the sandbox knows it. */
  tag: string;
  /** As the person sees it: 1, 2, … */
  number: number;
}

const KEY = "wrenn.shells";
/** Of one sandbox at once. */
export const MOST_SHELLS = 12;

type All = Readonly<Record<string, readonly Shell[]>>;

const isShell = (value: unknown): value is Shell =>
  typeof value === "object" &&
  value !== null &&
  "tag" in value &&
  typeof value.tag === "string" &&
  "number" in value &&
  typeof value.number === "number";

const readKept = (): All => {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? "{}");
    if (typeof kept !== "object" || kept === null) return {};
    return Object.fromEntries(
      Object.entries(kept).map(([id, list]) => [id, Array.isArray(list) ? list.filter(isShell) : []]),
    );
  } catch {
    return {};
  }
};

export const shells = new Store<All>(readKept());

const keep = (id: string, list: readonly Shell[]): void => {
  const { [id]: _, ...others } = shells.value;
  const all = list.length === 0 ? others : { ...others, [id]: list };
  sessionStorage.setItem(KEY, JSON.stringify(all));
  shells.set(all);
};

export const shellsOf = (sandboxId: string): readonly Shell[] => shells.value[sandboxId] ?? [];

/** One more, under the lowest free number. */
export const addShell = (sandboxId: string): Shell => {
  const list = shellsOf(sandboxId);
  const taken = new Set(list.map((shell) => shell.number));
  let number = 1;
  while (taken.has(number)) number += 1;
  const shell = { tag: `dashboard-${randomName()}`, number };
  keep(sandboxId, [...list, shell]);
  return shell;
};

export const removeShell = (sandboxId: string, tag: string): void =>
  keep(
    sandboxId,
    shellsOf(sandboxId).filter((shell) => shell.tag !== tag),
  );
