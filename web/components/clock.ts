/** One tick a second for all times on the page, while the page is looked at. */
type Listener = () => void;

const TICK_MS = 1_000;

class Clock {
  readonly #listeners = new Set<Listener>();
  #timer: Timer | undefined;

  constructor() {
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") this.#tell();
    });
  }

  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    this.#timer ??= setInterval(() => {
      if (document.visibilityState === "visible") this.#tell();
    }, TICK_MS);
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
    };
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

export const clock = new Clock();
