/** The team at a glance: how many sandboxes run, what they use together, and how it was in the last hour. */
import { css, html, LitElement, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";

import type { Point } from "../../components/chart-path.ts";
import "../../components/spark.ts";
import type { Sandbox } from "../../state/sandboxes.ts";
import { readTeamUsage } from "../../state/usage.ts";
import { base } from "../../styles/shared.ts";
import { formatBytes, formatCount, formatMb, plural } from "../../text/format.ts";
import { formatShare, pointsOf } from "../usage/measure.ts";
import { SAMPLE_MS, Sampled } from "../usage/sampled.ts";

const HOUR_MS = 3_600_000;

/** What the sandboxes of a list have, as far as it matters here. */
export interface Totals {
  all: number;
  running: number;
  /** Of those that run. */
  vcpus: number;
  memoryMb: number;
}

export const totalsOf = (sandboxes: readonly Sandbox[]): Totals => {
  const totals = { all: sandboxes.length, running: 0, vcpus: 0, memoryMb: 0 };
  for (const { status, vcpus, memory_mb: memoryMb } of sandboxes) {
    if (status !== "running") continue;
    totals.running += 1;
    totals.vcpus += vcpus;
    totals.memoryMb += memoryMb;
  }
  return totals;
};

const isDifferent = (now: Totals | null, before: Totals | null | undefined): boolean =>
  now?.all !== before?.all ||
  now?.running !== before?.running ||
  now?.vcpus !== before?.vcpus ||
  now?.memoryMb !== before?.memoryMb;

interface Tile {
  label: string;
  /** Empty while it is not known. */
  value: string;
  /** Of how much. */
  of: string;
  points: readonly Point[];
  format: (value: number) => string;
}

const describe = ({ label, points, format }: Tile): string => {
  const values = points.map(({ value }) => value);
  const [least, most] = [format(Math.min(...values)), format(Math.max(...values))];
  if (values.length === 0) return `${label} over the last hour: nothing was measured`;
  return `${label} over the last hour: ${least === most ? least : `from ${least} to ${most}`}`;
};

@customElement("wr-team-totals")
export class TeamTotals extends LitElement {
  static override styles = [
    base,
    css`
      section {
        display: grid;
        grid-template-columns: repeat(3, minmax(0, 1fr));
        border: 1px solid var(--line);
        border-radius: var(--radius-l);
        background: var(--surface);
        box-shadow: var(--shadow-low);
      }

      .tile {
        display: grid;
        grid-template-columns: minmax(0, 1fr) minmax(3rem, 9rem);
        gap: 0 var(--s4);
        align-items: end;
        min-width: 0;
        padding: var(--s3) var(--s4) var(--s4);
      }

      .tile + .tile {
        border-inline-start: 1px solid var(--line);
      }

      h2 {
        color: var(--ink-soft);
        font-size: var(--text-sm);
        font-weight: 500;
      }

      p {
        white-space: nowrap;
      }

      b {
        font-size: 1.25rem;
        font-weight: 600;
        letter-spacing: -0.01em;
        font-variant-numeric: tabular-nums;
      }

      small {
        color: var(--ink-soft);
        font-size: var(--text-sm);
      }

      @media (max-width: 62rem) {
        section {
          grid-template-columns: minmax(0, 1fr);
          padding-block: var(--s2);
        }

        .tile {
          grid-template-columns: minmax(0, 1fr) minmax(3rem, 45%);
          padding-block: var(--s1);
        }

        .tile + .tile {
          border: 0;
        }

        b {
          font-size: var(--text-lg);
        }
      }
    `,
  ];

  /** As they are now; null while that is not known. */
  @property({ attribute: false, hasChanged: isDifferent })
  totals: Totals | null = null;
  readonly #sampled = new Sampled(
    this,
    (signal) => readTeamUsage(HOUR_MS, signal),
    () => true,
  );

  override firstUpdated(): void {
    void this.#sampled.read();
  }

  override render(): TemplateResult {
    return html`<section aria-label="The team's use">
      ${this.#tiles.map((tile) => this.#renderTile(tile))}
    </section>`;
  }

  #renderTile(tile: Tile): TemplateResult {
    const { value: usage } = this.#sampled;
    return html`<div class="tile">
      <div>
        <h2>${tile.label}</h2>
        <p><b>${tile.value || "–"}</b> <small>${tile.of}</small></p>
      </div>
      <wr-spark
        label=${describe(tile)}
        fromMs=${usage?.fromMs ?? 0}
        toMs=${usage?.toMs ?? 1}
        gapMs=${Math.max(usage?.stepMs ?? 0, SAMPLE_MS) * 3}
        .points=${tile.points}
      ></wr-spark>
    </div>`;
  }

  get #tiles(): readonly Tile[] {
    const { totals } = this;
    const { value: usage } = this.#sampled;
    const series = usage ?? { samples: [] };
    // Where nothing runs nothing is used, whatever the last sample says.
    const now = totals?.running === 0 ? { cpu_used: 0, memory_used_bytes: 0 } : (usage?.now ?? null);
    const has = (format: (known: Totals) => string): string => (totals === null ? "" : format(totals));
    return [
      {
        label: "Running",
        value: has(({ running }) => formatCount(running)),
        of: has(({ all }) => `of ${formatCount(all)}`),
        points: pointsOf(series, (one) => one.running_sandboxes),
        format: formatCount,
      },
      {
        label: "Processors",
        value: now === null ? "" : formatShare(now.cpu_used),
        of: has(({ vcpus }) => `of ${plural(vcpus, "vCPU")}`),
        points: pointsOf(series, (one) => one.cpu_used),
        format: formatShare,
      },
      {
        label: "Memory",
        value: now === null ? "" : formatBytes(now.memory_used_bytes),
        of: has(({ memoryMb }) => `of ${formatMb(memoryMb)}`),
        points: pointsOf(series, (one) => one.memory_used_bytes),
        format: formatBytes,
      },
    ];
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-team-totals": TeamTotals;
  }
}
