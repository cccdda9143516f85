/** Picks values out of JSON that another program wrote, checking each. */

export class UnexpectedJson extends Error {
  override name = "UnexpectedJson";
}

/** The value at a path like `host.id`; undefined when any part of it is missing. */
export const pick = (value: unknown, path: string): unknown => {
  let current = value;
  for (const key of path.split(".")) {
    if (typeof current !== "object" || current === null) return undefined;
    current = Object.getOwnPropertyDescriptor(current, key)?.value;
  }
  return current;
};

/** Throws `UnexpectedJson` naming the path. */
export const pickString = (value: unknown, path: string): string => {
  const found = pick(value, path);
  if (typeof found === "string") return found;
  throw new UnexpectedJson(`expected a string at "${path}", got ${JSON.stringify(found) ?? "nothing"}`);
};

export const pickNumber = (value: unknown, path: string): number => {
  const found = pick(value, path);
  if (typeof found === "number") return found;
  throw new UnexpectedJson(`expected a number at "${path}", got ${JSON.stringify(found) ?? "nothing"}`);
};

export const pickList = (value: unknown, path: string): unknown[] => {
  const found = pick(value, path);
  if (Array.isArray(found)) return found;
  throw new UnexpectedJson(`expected a list at "${path}", got ${JSON.stringify(found) ?? "nothing"}`);
};
