/** Reading from a source that may fall silent, or be given up while it is. */

/** The source said nothing for too long. */
export class FellSilent extends Error {
  override name = "FellSilent";
}

/**
 * The same items. Throws why `signal` aborted, also while the next item is awaited, and `FellSilent` when it
 * takes longer than `idleMs`; the source is told to end then, and not waited for. `onWait` hears when the wait
 * for an item begins and when it is over.
 */
export async function* guarded<T>(
  source: AsyncIterable<T>,
  {
    signal,
    idleMs,
    onWait = () => {},
  }: { signal: AbortSignal; idleMs: number; onWait?: (isWaiting: boolean) => void },
): AsyncGenerator<T> {
  const iterator = source[Symbol.asyncIterator]();
  // Of the item that is awaited. A promise for the whole time would keep every item that it was raced with.
  let give: (reason: unknown) => void = () => {};
  const next = () =>
    new Promise<IteratorResult<T>>((resolve, reject) => {
      give = reject;
      if (signal.aborted) reject(signal.reason);
      else iterator.next().then(resolve, reject);
    });
  const onAbort = () => give(signal.reason);
  signal.addEventListener("abort", onAbort);
  let ended = false;
  try {
    for (;;) {
      const silent = () => give(new FellSilent(`nothing came for ${idleMs / 1_000} s`));
      const timer = setTimeout(silent, idleMs);
      onWait(true);
      const { done, value } = await next().finally(() => {
        clearTimeout(timer);
        onWait(false);
      });
      if (done === true) {
        ended = true;
        return;
      }
      yield value;
    }
  } finally {
    signal.removeEventListener("abort", onAbort);
    if (!ended) void iterator.return?.().catch(() => {});
  }
}
