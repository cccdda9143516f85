/**
 * Lookups that come in one turn of the event loop, as one query: under load every request begins with one, and what each
 * costs is the waking of a database session, not the rows.
 */

/** What one query is asked at most. */
const MAX_KEYS = 100;

interface Asked<Key, Found> {
  key: Key;
  resolve: (found: Found | undefined) => void;
  reject: (error: unknown) => void;
}

/**
 * Looks up one key, with all others of its turn. Rejects as `findAll` does, for all of them: keys must be of a kind that
 * no query fails by.
 * @param findAll what there is of each key, in the order of the keys; absent: undefined
 */
export const inBatches = <Key, Found>(
  findAll: (keys: Key[]) => Promise<(Found | undefined)[]>,
): ((key: Key) => Promise<Found | undefined>) => {
  let waiting: Asked<Key, Found>[] = [];
  const ask = (): void => {
    const asked = waiting;
    waiting = [];
    if (asked.length === 0) return;
    findAll(asked.map(({ key }) => key)).then(
      (found) => asked.forEach(({ resolve }, index) => resolve(found[index])),
      (error: unknown) => {
        for (const { reject } of asked) reject(error);
      },
    );
  };
  return (key) =>
    new Promise((resolve, reject) => {
      const count = waiting.push({ key, resolve, reject });
      if (count === 1) setImmediate(ask);
      else if (count === MAX_KEYS) ask();
    });
};
