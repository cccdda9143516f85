/** A small line of one measure over time, for a glance: its numbers stand beside it. */
import { css, html, LitElement, nothing, svg, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";

import { base } from "../styles/shared.ts";
import { pathsOf, type Point } from "./chart-path.ts";
import { lineStyles } from "./line-styles.ts";

const WIDTH = 160;
const HEIGHT = 32;

@customElement("wr-spark")
export class Spark extends LitElement {
  static override styles = [
    base,
    lineStyles,
    css`
      svg {
        height: 2rem;
      }

      .line {
        stroke-width: 1.5;
      }
    `,
  ];

  /** What it shows, for those who do not see it. */
  @property() label = "";
  /** Oldest first. */
  @property({ attribute: false }) points: readonly Point[] = [];
  @property({ type: Number }) fromMs = 0;
  @property({ type: Number }) toMs = 0;
  /** Points further apart are not joined. */
  @property({ type: Number }) gapMs = 60_000;

  override render(): TemplateResult {
    const { points, fromMs, toMs, gapMs } = this;
    const highest = Math.max(0, ...points.map(({ value }) => value));
    const most = highest > 0 ? highest * 1.1 : 1;
    const { line, ground } = pathsOf(points, { fromMs, toMs, gapMs, most, width: WIDTH, height: HEIGHT });
    return html`<svg
      role="img"
      aria-label=${this.label}
      viewBox="0 0 ${WIDTH} ${HEIGHT}"
      preserveAspectRatio="none"
    >
      <line vector-effect="non-scaling-stroke" class="grid" x1="0" x2=${WIDTH} y1=${HEIGHT} y2=${HEIGHT} />
      ${
        points.length === 0
          ? nothing
          : svg`<path vector-effect="non-scaling-stroke" class="ground" d=${ground} />
              <path vector-effect="non-scaling-stroke" class="line" d=${line} />`
      }
    </svg>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-spark": Spark;
  }
}
