/** Counters of this process, as Prometheus text. */

const BUCKETS_MS = [5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 10_000] as const;

interface Histogram {
  counts: number[];
  sumMs: number;
  total: number;
}

export interface ObservedRequest {
  method: string;
  /** The pattern, not the path: paths hold ids. Empty when no route matched. */
  route: string;
  status: number;
  durationMs: number;
}

/** A value read when the metrics are. `name` without the prefix. */
export interface Gauge {
  name: string;
  help: string;
  read: () => number;
}

const escape = (value: string): string =>
  value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");

const labels = (pairs: Record<string, string | number>): string =>
  Object.entries(pairs)
    .map(([key, value]) => `${key}="${escape(String(value))}"`)
    .join(",");

export class Metrics {
  readonly #requests = new Map<string, number>();
  readonly #durations = new Map<string, Histogram>();
  readonly #refusals = new Map<string, number>();
  readonly #gauges: Gauge[] = [];

  observeRequest({ method, route, status, durationMs }: ObservedRequest): void {
    const where = { method, route: route || "none" };
    const key = labels({ ...where, status });
    this.#requests.set(key, (this.#requests.get(key) ?? 0) + 1);
    this.#observe(labels(where), durationMs);
  }

  /** A request was over the rate limit of that class. */
  countRefusal(className: string): void {
    this.#refusals.set(className, (this.#refusals.get(className) ?? 0) + 1);
  }

  /** Adds a value that is read at each scrape. */
  gauge(gauge: Gauge): void {
    this.#gauges.push(gauge);
  }

  #observe(key: string, durationMs: number): void {
    let histogram = this.#durations.get(key);
    if (histogram === undefined) {
      histogram = { counts: BUCKETS_MS.map(() => 0), sumMs: 0, total: 0 };
      this.#durations.set(key, histogram);
    }
    const { counts } = histogram;
    for (const [index, limitMs] of BUCKETS_MS.entries()) {
      if (durationMs <= limitMs) counts[index] = (counts[index] ?? 0) + 1;
    }
    histogram.sumMs += durationMs;
    histogram.total += 1;
  }

  /** Text format 0.0.4. */
  render(): string {
    const lines = ["# TYPE wrenn_http_requests_total counter"];
    for (const [key, count] of this.#requests) lines.push(`wrenn_http_requests_total{${key}} ${count}`);
    lines.push("# TYPE wrenn_http_request_duration_seconds histogram");
    for (const [key, { counts, sumMs, total }] of this.#durations) {
      const name = "wrenn_http_request_duration_seconds";
      for (const [index, limitMs] of BUCKETS_MS.entries()) {
        lines.push(`${name}_bucket{${key},le="${limitMs / 1000}"} ${counts[index]}`);
      }
      lines.push(`${name}_bucket{${key},le="+Inf"} ${total}`, `${name}_sum{${key}} ${sumMs / 1000}`);
      lines.push(`${name}_count{${key}} ${total}`);
    }
    lines.push("# TYPE wrenn_rate_limited_total counter");
    for (const [name, count] of this.#refusals) {
      lines.push(`wrenn_rate_limited_total{${labels({ class: name })}} ${count}`);
    }
    for (const { name, help, read } of this.#gauges) {
      lines.push(`# HELP wrenn_${name} ${help}`, `# TYPE wrenn_${name} gauge`, `wrenn_${name} ${read()}`);
    }
    return `${lines.join("\n")}\n`;
  }
}
