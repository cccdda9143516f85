/** What is left of a list by the words that somebody typed. */

/** Those in whose texts each word stands somewhere, whatever its case; without a word the list itself. */
export const withWords = <T>(
  items: readonly T[],
  typed: string,
  textsOf: (item: T) => readonly (string | null | undefined)[],
): readonly T[] => {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return items;
  return items.filter((item) => {
    const text = textsOf(item).join("\n").toLowerCase();
    return words.every((word) => text.includes(word));
  });
};
