/** What something used over a time that is chosen: a chart per measure, drawn on as samples come. */
import { css, html, LitElement, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";

import { describeFailure } from "../../api/failure.ts";
import "../../components/button.ts";
import "../../components/chart.ts";
import "../../components/select.ts";
import type { Select } from "../../components/select.ts";
import { base } from "../../styles/shared.ts";
import type { ReadUsage, Usage } from "./measure.ts";
import { SAMPLE_MS, Sampled } from "./sampled.ts";

const HOUR_MS = 3_600_000;

const SPANS = [
  { value: "1", label: "Last hour", since: "1 h ago" },
  { value: "24", label: "Last day", since: "1 d ago" },
  { value: "720", label: "Last 30 days", since: "30 d ago" },
] as const;

@customElement("wr-usage")
export class UsageCharts extends LitElement {
  static override styles = [
    base,
    css`
      .top {
        display: flex;
        flex-wrap: wrap;
        gap: var(--s2) var(--s3);
        align-items: center;
        justify-content: space-between;
        min-height: 2.25rem;
        margin-bottom: var(--s3);
      }

      h2 {
        font-size: var(--text);
        font-weight: 600;
      }

      section {
        container-type: inline-size;
      }

      .charts {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: var(--s5);
      }

      /* Never one alone in a row below others. */
      @container (min-width: 28rem) {
        .four {
          grid-template-columns: repeat(2, minmax(0, 1fr));
        }
      }

      @container (min-width: 46rem) {
        .charts {
          grid-template-columns: repeat(3, minmax(0, 1fr));
        }

        .four {
          grid-template-columns: repeat(4, minmax(0, 1fr));
        }
      }

      .bone {
        height: 9.5rem;
        border-radius: var(--radius);
        background: var(--sunken);
      }

      .failed {
        display: flex;
        flex-wrap: wrap;
        gap: var(--s3);
        align-items: center;
        color: var(--ink-soft);
      }
    `,
  ];

  @property({ attribute: false }) read: ReadUsage | null = null;
  /** How many measures there will be: three, or four. */
  @property({ type: Number }) count = 3;
  /** Only then is there anything new. */
  @property({ type: Boolean }) live = false;

  @state() private hours: string = SPANS[0].value;
  readonly #sampled = new Sampled<Usage | null>(
    this,
    async (signal) => (await this.read?.(Number(this.hours) * HOUR_MS, signal)) ?? null,
    () => this.live,
  );

  override willUpdate(changed: PropertyValues<this> & Map<string, unknown>): void {
    if (changed.has("read") || changed.has("hours") || changed.has("live")) void this.#sampled.read();
  }

  override render(): TemplateResult {
    return html`<section aria-labelledby="usage">
      <div class="top">
        <h2 id="usage">Usage</h2>
        <wr-select
          label="Time"
          bare
          value=${this.hours}
          .choices=${SPANS}
          @change=${(event: Event) => {
            this.hours = (event.currentTarget as Select).value;
          }}
        ></wr-select>
      </div>
      ${this.#renderCharts()}
    </section>`;
  }

  #renderCharts(): TemplateResult {
    const layout = `charts ${this.count === 4 ? "four" : ""}`;
    const { value: usage, failure } = this.#sampled;
    if (usage === null && failure !== null) {
      return html`<div class="failed" role="alert">
        <span>${describeFailure(failure)}</span>
        <wr-button small @click=${() => void this.#sampled.read()}>Try again</wr-button>
      </div>`;
    }
    if (usage === null) {
      return html`<div class=${layout} aria-busy="true">
        ${Array.from({ length: this.count }, () => html`<div class="bone"></div>`)}
      </div>`;
    }
    const since = SPANS.find(({ value }) => value === this.hours)?.since ?? "";
    return html`<div class=${layout}>
      ${usage.measures.map(
        ({ label, points, most, format }) =>
          html`<wr-chart
            label=${label}
            since=${since}
            fromMs=${usage.fromMs}
            toMs=${usage.toMs}
            gapMs=${Math.max(usage.stepMs, SAMPLE_MS) * 3}
            .most=${most}
            .format=${format}
            .points=${points}
          ></wr-chart>`,
      )}
    </div>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-usage": UsageCharts;
  }
}
