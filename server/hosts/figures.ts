/**
 * What hosts said last of the steps of their operations and of what they made ahead, for `/metrics` of the server that leads.
 * A host may say anything: names, numbers and how many there are of them are bounded.
 */
import type { ListSamplesResponse, StepTime } from "../../proto/gen/wrenn/host/v1/host_pb.ts";
import { formatHostId } from "../../proto/ids.ts";
import { type Histogram, histogramLines, labels } from "../metrics.ts";

interface Step extends Histogram {
  operation: string;
  step: string;
}

interface Figures {
  atMs: number;
  readySpares: number;
  readyStandbys: number;
  limitsMs: number[];
  steps: Step[];
}

const NAME = /^[a-z][a-z_]{0,31}$/;
const MAX_LIMITS = 32;
const MAX_STEPS = 128;
const MAX_COUNT = 2_147_483_647;

const isCount = (value: bigint): boolean => value <= BigInt(Number.MAX_SAFE_INTEGER);

const ascend = (limits: readonly number[]): boolean =>
  limits.every((limit, index) => limit > (limits[index - 1] ?? 0));

const toStep = ({ operation, step, counts, sumMs }: StepTime, limits: number): Step[] => {
  const isSound =
    NAME.test(operation) &&
    NAME.test(step) &&
    counts.length === limits + 1 &&
    counts.every(isCount) &&
    Number.isFinite(sumMs) &&
    sumMs >= 0;
  return isSound ? [{ operation, step, counts: counts.map(Number), sumMs }] : [];
};

/** Of steps told twice the first counts. */
const unique = (steps: readonly Step[]): Step[] => [
  ...new Map(steps.toReversed().map((step) => [`${step.operation} ${step.step}`, step])).values(),
];

const toFigures = (answer: ListSamplesResponse, atMs: number): Figures => {
  const { readySpares, readyStandbys, stepTimes } = answer;
  const limitsMs = stepTimes?.limitsMs ?? [];
  const areSound = limitsMs.length <= MAX_LIMITS && ascend(limitsMs);
  const told = areSound ? (stepTimes?.steps ?? []).slice(0, MAX_STEPS) : [];
  const steps = unique(told.flatMap((step) => toStep(step, limitsMs.length)));
  return {
    atMs,
    readySpares: Math.min(readySpares, MAX_COUNT),
    readyStandbys: Math.min(readyStandbys, MAX_COUNT),
    limitsMs,
    steps,
  };
};

const SPARES = "wrenn_host_ready_spares";
const STANDBYS = "wrenn_host_ready_standbys";
const STEPS = "wrenn_host_step_duration_seconds";

export class HostFigures {
  readonly #hosts = new Map<string, Figures>();

  constructor(
    /** What was said longer ago is not shown any more. */
    private readonly maxAgeMs: number,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** @param hostId bare UUID */
  note(hostId: string, answer: ListSamplesResponse): void {
    this.#hosts.set(hostId, toFigures(answer, this.now()));
  }

  /** Of the text format 0.0.4. */
  lines(): string[] {
    const oldest = this.now() - this.maxAgeMs;
    for (const [id, { atMs }] of this.#hosts) {
      if (atMs < oldest) this.#hosts.delete(id);
    }
    const hosts = [...this.#hosts].map(([id, figures]) => ({ host: formatHostId(id), ...figures }));
    return [
      `# HELP ${SPARES} Machines made ahead on a host that wait for a create.`,
      `# TYPE ${SPARES} gauge`,
      ...hosts.map(({ host, readySpares }) => `${SPARES}{${labels({ host })}} ${readySpares}`),
      `# HELP ${STANDBYS} Processes started ahead on a host that wait for a resume, a copy or a create.`,
      `# TYPE ${STANDBYS} gauge`,
      ...hosts.map(({ host, readyStandbys }) => `${STANDBYS}{${labels({ host })}} ${readyStandbys}`),
      `# HELP ${STEPS} Time that the steps of operations on sandboxes took, since the host's agent started.`,
      `# TYPE ${STEPS} histogram`,
      ...hosts.flatMap(({ host, limitsMs, steps }) =>
        steps.flatMap(({ operation, step, counts, sumMs }) =>
          histogramLines(STEPS, labels({ host, operation, step }), { limitsMs, counts, sumMs }),
        ),
      ),
    ];
  }
}
