/** Counters of this process, as Prometheus text. */

const BUCKETS_MS = [5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 10_000] as const;

/** Durations by how long they took. */
export interface Histogram {
  /** Of each bucket alone; what took longer than the last limit is in one more. */
  counts: number[];
  sumMs: number;
}

/** Requests of one method, route and status. */
interface Series {
  labels: string;
  count: number;
  /** Of its method and route, whatever the status. */
  durations: Histogram;
}

export interface ObservedRequest {
  method: string;
  /** The pattern, not the path: paths hold ids. Empty when no route matched. */
  route: string;
  status: number;
  durationMs: number;
}

/** Lines of whole families, written when the metrics are read. */
export type MetricSource = () => string[];

/** A value read when the metrics are. `name` without the prefix. */
export interface Gauge {
  name: string;
  help: string;
  read: () => number;
}

const escape = (value: string): string =>
  value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");

/** As they stand between braces. */
export const labels = (pairs: Record<string, string | number>): string =>
  Object.entries(pairs)
    .map(([key, value]) => `${key}="${escape(String(value))}"`)
    .join(",");

/** One series of a histogram of seconds. @param key its labels; `limitsMs` ascend, one fewer than there are counts */
export const histogramLines = (
  name: string,
  key: string,
  { limitsMs, counts, sumMs }: Histogram & { limitsMs: readonly number[] },
): string[] => {
  let within = 0;
  const buckets = limitsMs.map((limitMs, index) => {
    within += counts[index] ?? 0;
    return `${name}_bucket{${key},le="${limitMs / 1000}"} ${within}`;
  });
  const total = counts.reduce((sum, count) => sum + count, 0);
  return [
    ...buckets,
    `${name}_bucket{${key},le="+Inf"} ${total}`,
    `${name}_sum{${key}} ${sumMs / 1000}`,
    `${name}_count{${key}} ${total}`,
  ];
};

export class Metrics {
  readonly #requests = new Map<string, Series>();
  readonly #durations = new Map<string, Histogram>();
  readonly #refusals = new Map<string, number>();
  readonly #gauges: Gauge[] = [];
  readonly #sources: MetricSource[] = [];

  observeRequest({ method, route, status, durationMs }: ObservedRequest): void {
    const key = `${method} ${status} ${route}`;
    let series = this.#requests.get(key);
    if (series === undefined) {
      const where = { method, route: route || "none" };
      series = { labels: labels({ ...where, status }), count: 0, durations: this.#histogram(labels(where)) };
      this.#requests.set(key, series);
    }
    series.count += 1;
    const { durations } = series;
    const fitting = BUCKETS_MS.findIndex((limitMs) => durationMs <= limitMs);
    const bucket = fitting < 0 ? BUCKETS_MS.length : fitting;
    durations.counts[bucket] = (durations.counts[bucket] ?? 0) + 1;
    durations.sumMs += durationMs;
  }

  /** A request was over the rate limit of that class. */
  countRefusal(className: string): void {
    this.#refusals.set(className, (this.#refusals.get(className) ?? 0) + 1);
  }

  /** Adds a value that is read at each scrape. */
  gauge(gauge: Gauge): void {
    this.#gauges.push(gauge);
  }

  /** Adds families that something else keeps. */
  source(source: MetricSource): void {
    this.#sources.push(source);
  }

  #histogram(key: string): Histogram {
    const known = this.#durations.get(key);
    if (known !== undefined) return known;
    const made = { counts: Array<number>(BUCKETS_MS.length + 1).fill(0), sumMs: 0 };
    this.#durations.set(key, made);
    return made;
  }

  /** Text format 0.0.4. */
  render(): string {
    const lines = ["# TYPE wrenn_http_requests_total counter"];
    for (const { labels: key, count } of this.#requests.values()) {
      lines.push(`wrenn_http_requests_total{${key}} ${count}`);
    }
    lines.push("# TYPE wrenn_http_request_duration_seconds histogram");
    for (const [key, durations] of this.#durations) {
      const series = { ...durations, limitsMs: BUCKETS_MS };
      lines.push(...histogramLines("wrenn_http_request_duration_seconds", key, series));
    }
    lines.push("# TYPE wrenn_rate_limited_total counter");
    for (const [name, count] of this.#refusals) {
      lines.push(`wrenn_rate_limited_total{${labels({ class: name })}} ${count}`);
    }
    for (const { name, help, read } of this.#gauges) {
      lines.push(`# HELP wrenn_${name} ${help}`, `# TYPE wrenn_${name} gauge`, `wrenn_${name} ${read()}`);
    }
    for (const source of this.#sources) lines.push(...source());
    return `${lines.join("\n")}\n`;
  }
}
