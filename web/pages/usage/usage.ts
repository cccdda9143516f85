/** Processors, memory and disk of a sandbox over time. */
import { css, html, LitElement, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";

import { describeFailure } from "../../api/failure.ts";
import "../../components/button.ts";
import "../../components/chart.ts";
import "../../components/select.ts";
import type { Select } from "../../components/select.ts";
import { readUsage, type Usage } from "../../state/usage.ts";
import { base } from "../../styles/shared.ts";
import { formatBytes } from "../../text/format.ts";
import { cardStyles } from "./card-styles.ts";

const HOUR_MS = 3_600_000;

const SPANS = [
  { value: "1", label: "Last hour", since: "1 h ago" },
  { value: "24", label: "Last day", since: "1 d ago" },
  { value: "720", label: "Last 30 days", since: "30 d ago" },
] as const;

/** Hosts note a sample this often; no event tells of one. */
const SAMPLE_MS = 15_000;

type Sample = Usage["samples"][number];

const formatPercent = (value: number): string => `${value < 10 ? value.toFixed(1) : Math.round(value)} %`;

const CHARTS: readonly {
  label: string;
  valueOf: (sample: Sample) => number;
  mostOf: (sample: Sample) => number;
  format: (value: number) => string;
}[] = [
  { label: "Processors", valueOf: (one) => one.cpu_used_percent, mostOf: () => 100, format: formatPercent },
  {
    label: "Memory",
    valueOf: (one) => one.memory_used_bytes,
    mostOf: (one) => one.memory_total_bytes,
    format: formatBytes,
  },
  {
    label: "Disk",
    valueOf: (one) => one.disk_used_bytes,
    mostOf: (one) => one.disk_total_bytes,
    format: formatBytes,
  },
];

@customElement("wr-sandbox-usage")
export class SandboxUsage extends LitElement {
  static override styles = [
    base,
    cardStyles,
    css`
      .charts {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(100%, 16rem), 1fr));
        gap: var(--s5);
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

  @property() sandboxId = "";
  /** Only then is there anything new. */
  @property({ type: Boolean }) running = false;

  @state() private hours: string = SPANS[0].value;
  @state() private usage: Usage | null = null;
  @state() private failure: unknown = null;
  #reading: AbortController | null = null;
  #timer: Timer | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#timer = setInterval(() => {
      if (this.running && document.visibilityState === "visible") void this.#read();
    }, SAMPLE_MS);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.#timer);
    this.#reading?.abort();
  }

  override willUpdate(changed: PropertyValues<this> & Map<string, unknown>): void {
    if (changed.has("sandboxId") || changed.has("hours") || changed.has("running")) void this.#read();
  }

  override render(): TemplateResult {
    return html`<section class="card" aria-labelledby="usage">
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
    const { usage } = this;
    if (usage === null && this.failure !== null) {
      return html`<div class="failed" role="alert">
        <span>${describeFailure(this.failure)}</span>
        <wr-button small @click=${() => void this.#read()}>Try again</wr-button>
      </div>`;
    }
    if (usage === null) {
      return html`<div class="charts" aria-busy="true">
        ${CHARTS.map(() => html`<div class="bone"></div>`)}
      </div>`;
    }
    const last = usage.samples.at(-1);
    const since = SPANS.find(({ value }) => value === this.hours)?.since ?? "";
    return html`<div class="charts">
      ${CHARTS.map(
        ({ label, valueOf, mostOf, format }) =>
          html`<wr-chart
            label=${label}
            since=${since}
            fromMs=${usage.fromMs}
            toMs=${usage.toMs}
            gapMs=${Math.max(usage.stepMs, SAMPLE_MS) * 3}
            .most=${last === undefined ? null : mostOf(last)}
            .format=${format}
            .points=${usage.samples.map((sample) => ({ atMs: Date.parse(sample.at), value: valueOf(sample) }))}
          ></wr-chart>`,
      )}
    </div>`;
  }

  async #read(): Promise<void> {
    this.#reading?.abort();
    const reading = new AbortController();
    this.#reading = reading;
    try {
      this.usage = await readUsage(this.sandboxId, Number(this.hours) * HOUR_MS, reading.signal);
      this.failure = null;
    } catch (error) {
      // What is shown stays; the next reading may work.
      if (!reading.signal.aborted) this.failure = error;
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-sandbox-usage": SandboxUsage;
  }
}
