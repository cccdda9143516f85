/** Reading from a source that may fall silent, or be given up while it is. */

/** The source said nothing for too long. */
export class FellSilent extends Error {
  override name = "FellSilent";
}

/**
 * The same items. Throws why `signal` aborted, also while the next item is awaited, and `FellSilent` when it
 * takes longer than `idleMs`; the source is told to end then, and not waited for.
 */
export async function* guarded<T>(
  source: AsyncIterable<T>,
  { signal, idleMs }: { signal: AbortSignal; idleMs: number },
): AsyncGenerator<T> {
  const iterator = source[Symbol.asyncIterator]();
  const stop = Promise.withResolvers<never>();
  // Nobody may be waiting when it comes.
  stop.promise.catch(() => {});
  const onAbort = () => stop.reject(signal.reason);
  signal.addEventListener("abort", onAbort);
  if (signal.aborted) onAbort();
  let ended = false;
  try {
    for (;;) {
      const timer = setTimeout(
        () => stop.reject(new FellSilent(`nothing came for ${idleMs / 1_000} s`)),
        idleMs,
      );
      const { done, value } = await Promise.race([iterator.next(), stop.promise]).finally(() =>
        clearTimeout(timer),
      );
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
