/**
 * The streams that are open now. A restored sandbox still holds the streams of the moment it was saved,
 * on connections whose other end is long gone and will never say so; a process must not wait for those.
 */

export interface OpenStream {
  /** Aborts when the client leaves or all streams are cut. */
  signal: AbortSignal;
  close(): void;
}

export class OpenStreams {
  readonly #controllers = new Set<AbortController>();

  /** `client` aborts when the client leaves. */
  open(client: AbortSignal): OpenStream {
    const controller = new AbortController();
    const leave = (): void => controller.abort();
    if (client.aborted) leave();
    client.addEventListener("abort", leave);
    this.#controllers.add(controller);
    return {
      signal: controller.signal,
      close: () => {
        client.removeEventListener("abort", leave);
        this.#controllers.delete(controller);
      },
    };
  }

  cutAll(): void {
    for (const controller of this.#controllers) controller.abort();
    this.#controllers.clear();
  }
}
