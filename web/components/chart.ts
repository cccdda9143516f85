/**
 * One measure over time. What a point says is read by pointing at it, or with the arrow keys. It is drawn by hand:
 * a library of charts would be larger than the rest of the dashboard.
 */
import { css, html, LitElement, nothing, svg, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";

import { base } from "../styles/shared.ts";
import { formatExact } from "../text/format.ts";
import { type Frame, nearest, pathsOf, type Point, xOf, yOf } from "./chart-path.ts";
import { lineStyles } from "./line-styles.ts";

const WIDTH = 600;
const HEIGHT = 120;

@customElement("wr-chart")
export class Chart extends LitElement {
  static override styles = [
    base,
    lineStyles,
    css`
      .top {
        display: flex;
        gap: var(--s3);
        align-items: baseline;
        justify-content: space-between;
        margin-bottom: var(--s2);
      }

      h3 {
        font-size: var(--text-sm);
        font-weight: 500;
        color: var(--ink-soft);
      }

      output {
        font-weight: 600;
        font-variant-numeric: tabular-nums;
        white-space: nowrap;
      }

      output small {
        color: var(--ink-faint);
        font-size: var(--text-xs);
        font-weight: 400;
      }

      .plot {
        position: relative;
        border-radius: var(--radius-s);
        touch-action: pan-y;
      }

      svg {
        height: 6.5rem;
      }

      .line {
        stroke-width: 1.75;
      }

      .rule {
        stroke: var(--ink-faint);
        stroke-width: 1;
        stroke-dasharray: 3 3;
      }

      .mark {
        fill: none;
        stroke: var(--accent);
        stroke-width: 8;
        stroke-linecap: round;
      }

      .axis {
        display: flex;
        justify-content: space-between;
        margin-top: var(--s1);
        color: var(--ink-faint);
        font-size: var(--text-xs);
      }

      .none {
        display: grid;
        place-items: center;
        height: 6.5rem;
        border: 1px dashed var(--line);
        border-radius: var(--radius);
        color: var(--ink-faint);
        font-size: var(--text-sm);
      }
    `,
  ];

  /** What is measured. */
  @property() label = "";
  /** Oldest first. */
  @property({ attribute: false }) points: readonly Point[] = [];
  @property({ type: Number }) fromMs = 0;
  @property({ type: Number }) toMs = 0;
  /** The value at the upper edge; null: a little above the highest. */
  @property({ type: Number }) most: number | null = null;
  /** Points further apart are not joined. */
  @property({ type: Number }) gapMs = 60_000;
  @property({ attribute: false }) format: (value: number) => string = String;
  /** Of the span, below its left end: `1 h ago`. */
  @property() since = "";

  /** Of the point that is looked at; -1: the newest. */
  @state() private index = -1;

  override render(): TemplateResult {
    const newest = this.points.length - 1;
    const index = this.index < 0 || this.index > newest ? newest : this.index;
    const point = this.points[index];
    return html`<div class="top">
        <h3>${this.label}</h3>
        ${point === undefined ? nothing : html`<output>${this.format(point.value)} ${this.#renderWhen(point)}</output>`}
      </div>
      ${point === undefined ? html`<div class="none">Nothing was measured in this time</div>` : this.#renderPlot(point, index)}`;
  }

  #renderWhen({ atMs }: Point): TemplateResult | typeof nothing {
    if (this.index < 0) return nothing;
    return html`<small>${new Date(atMs).toLocaleTimeString()}</small>`;
  }

  #renderPlot(point: Point, index: number): TemplateResult {
    const frame = this.#frame;
    const { line, ground } = pathsOf(this.points, frame);
    const x = xOf(frame, point.atMs);
    return html`<div
        class="plot"
        role="slider"
        tabindex="0"
        aria-label="${this.label} over time"
        aria-valuemin="0"
        aria-valuemax=${this.points.length - 1}
        aria-valuenow=${index}
        aria-valuetext="${this.format(point.value)}, ${formatExact(new Date(point.atMs))}"
        @pointermove=${this.#point}
        @pointerleave=${this.#newest}
        @blur=${this.#newest}
        @keydown=${this.#key}
      >
        <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" aria-hidden="true">
          ${[0, HEIGHT / 2, HEIGHT].map((y) => svg`<line vector-effect="non-scaling-stroke" class="grid" x1="0" x2=${WIDTH} y1=${y} y2=${y} />`)}
          <path vector-effect="non-scaling-stroke" class="ground" d=${ground} />
          <path vector-effect="non-scaling-stroke" class="line" d=${line} />
          ${
            this.index < 0
              ? nothing
              : svg`<line vector-effect="non-scaling-stroke" class="rule" x1=${x} x2=${x} y1="0" y2=${HEIGHT} />
                  <path vector-effect="non-scaling-stroke" class="mark" d="M${x} ${yOf(frame, point.value)}h0.1" />`
          }
        </svg>
      </div>
      <div class="axis" aria-hidden="true"><span>${this.since}</span><span>now</span></div>`;
  }

  get #frame(): Frame {
    const highest = Math.max(...this.points.map(({ value }) => value));
    const most = this.most ?? (highest > 0 ? highest * 1.15 : 1);
    const { fromMs, toMs, gapMs } = this;
    return { fromMs, toMs, most, gapMs, width: WIDTH, height: HEIGHT };
  }

  #point(event: PointerEvent): void {
    const { left, width } = (event.currentTarget as HTMLElement).getBoundingClientRect();
    const { fromMs, toMs } = this;
    this.index = nearest(this.points, fromMs + ((event.clientX - left) / width) * (toMs - fromMs));
  }

  #newest(): void {
    this.index = -1;
  }

  #key(event: KeyboardEvent): void {
    const last = this.points.length - 1;
    const at = this.index < 0 ? last : this.index;
    const to: Record<string, number> = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: last };
    const index = to[event.key];
    if (index === undefined) return;
    event.preventDefault();
    this.index = Math.min(Math.max(index, 0), last);
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-chart": Chart;
  }
}
