/** Ties an element to what is sampled: read when asked, and again as samples come, of which no event tells. */
import type { ReactiveController, ReactiveControllerHost } from "lit";

/** Hosts note a sample this often. */
export const SAMPLE_MS = 15_000;

export class Sampled<T> implements ReactiveController {
  value: T | null = null;
  /** Of the last reading; what came before stays. */
  failure: unknown = null;
  #reading: AbortController | null = null;
  #timer: Timer | undefined;

  constructor(
    private readonly host: ReactiveControllerHost,
    private readonly work: (signal: AbortSignal) => Promise<T>,
    /** Only then is there anything new. */
    private readonly isLive: () => boolean,
  ) {
    host.addController(this);
  }

  hostConnected(): void {
    this.#timer = setInterval(() => {
      if (this.isLive() && document.visibilityState === "visible") void this.read();
    }, SAMPLE_MS);
  }

  hostDisconnected(): void {
    clearInterval(this.#timer);
    this.#reading?.abort();
  }

  /** Asked for again meanwhile, the earlier answer is left out. */
  async read(): Promise<void> {
    this.#reading?.abort();
    const reading = new AbortController();
    this.#reading = reading;
    try {
      const value = await this.work(reading.signal);
      if (reading.signal.aborted) return;
      this.value = value;
      this.failure = null;
    } catch (error) {
      if (reading.signal.aborted) return;
      this.failure = error;
    }
    this.host.requestUpdate();
  }
}
