/**
 * The streams that are open now. A restored sandbox still holds the streams of the moment it was saved,
 * on connections whose other end is long gone and will never say so; a process must not wait for those.
 */
import { Code, ConnectError } from "@connectrpc/connect";

export interface OpenStream {
  /** Aborts when the client leaves, its deadline passes or all streams are cut. */
  signal: AbortSignal;
  close(): void;
  /** For a stream that ends before its time. Throws deadline_exceeded when its deadline is the reason. */
  throwIfLate(): void;
}

export class OpenStreams {
  readonly #controllers = new Set<AbortController>();

  /** `client` aborts when the client leaves or its deadline passes. */
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
      throwIfLate: () => {
        const reason: unknown = client.reason;
        if (reason instanceof ConnectError && reason.code === Code.DeadlineExceeded) throw reason;
      },
    };
  }

  cutAll(): void {
    for (const controller of this.#controllers) controller.abort();
    this.#controllers.clear();
  }
}
