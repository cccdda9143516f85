/** Whether an address is one of a pattern, and with which values. */

/** The values of a pattern's `:names` in a path, or null when it does not fit. */
export const matchPath = (pattern: string, path: string): Record<string, string> | null => {
  const wanted = pattern.split("/");
  const found = path.replace(/(?<=.)\/$/, "").split("/");
  if (wanted.length !== found.length) return null;
  const params: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const value = found[index] ?? "";
    if (part.startsWith(":")) {
      try {
        params[part.slice(1)] = decodeURIComponent(value);
      } catch {
        return null;
      }
    } else if (part !== value) return null;
  }
  return params;
};
