/**
 * Which rows of a long list are to be drawn: those that the window shows, and a few around. The page itself
 * scrolls, so the list is as long as all of its rows would be.
 */
import type { ReactiveController, ReactiveControllerHost } from "lit";

/** Rows beyond each edge, so that a quick scroll does not outrun the drawing. */
const AROUND = 10;
/** Drawn at a time: with each row scrolled by would be too often, many at once too long for a frame. */
const STEP = 4;

export interface Span {
  /** Index of the first row drawn, and the one after the last. */
  from: number;
  to: number;
}

export class WindowOfRows implements ReactiveController {
  /** What is drawn. */
  span: Span = { from: 0, to: 0 };
  #frame: number | null = null;

  constructor(
    private readonly host: ReactiveControllerHost,
    private readonly list: () => { element: HTMLElement | null; count: number; rowPx: number },
  ) {
    host.addController(this);
  }

  hostConnected(): void {
    addEventListener("scroll", this.#changed, { passive: true });
    addEventListener("resize", this.#changed);
  }

  hostDisconnected(): void {
    removeEventListener("scroll", this.#changed);
    removeEventListener("resize", this.#changed);
    if (this.#frame !== null) cancelAnimationFrame(this.#frame);
    this.#frame = null;
  }

  /** Once for each drawing: rows and the room left for the others must be of the same measure. */
  hostUpdate(): void {
    this.span = this.#measure();
  }

  /** The list may have come, moved or got another length by it. */
  hostUpdated(): void {
    this.#changed();
  }

  readonly #changed = (): void => {
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = null;
      const { from, to } = this.#measure();
      // Within what is drawn nothing needs to be done.
      if (from !== this.span.from || to !== this.span.to) this.host.requestUpdate();
    });
  };

  #measure(): Span {
    const { element, count, rowPx } = this.list();
    const top = element?.getBoundingClientRect().top ?? 0;
    const first = Math.floor(-top / rowPx / STEP) * STEP;
    const shown = Math.ceil(innerHeight / rowPx / STEP + 1) * STEP;
    const from = Math.max(0, Math.min(first - AROUND, count));
    return { from, to: Math.max(from, Math.min(first + shown + AROUND, count)) };
  }
}
