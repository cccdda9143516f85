/** What slow things are under way on this host, for GetHostStatus and the log. */
import { describeError } from "../errors.ts";
import type { Progress } from "../images/images.ts";
import type { Logger } from "../system/log.ts";

export interface Work {
  kind: "template_build" | "template_copy" | "flatten" | "journal";
  subject: string;
  step: string;
  /** 0 to 1. */
  progress: number;
  /** Empty while it goes well; failed work stays shown. */
  error: string;
}

/** Failed work stays shown; when there is so much, the oldest goes. */
const MAX_SHOWN = 50;
/** How much further work has to be before that is told, so that no work tells more than a score of times. */
const TOLD_STEP = 0.05;

export class WorkBoard {
  readonly #items = new Map<string, Work>();

  #listener: (work: Work) => void = () => {};

  constructor(readonly log: Logger) {}

  /** Called when work begins, comes a good piece further, or fails; of its success whoever began it tells. */
  onMove(listener: (work: Work) => void): void {
    this.#listener = listener;
  }

  list(): Work[] {
    return [...this.#items.values()];
  }

  report(work: Work): void {
    this.#items.set(`${work.kind}/${work.subject}`, work);
    if (this.#items.size <= MAX_SHOWN) return;
    const oldest = [...this.#items].find(([, { error }]) => error !== "");
    if (oldest !== undefined) this.#items.delete(oldest[0]);
  }

  /** Shows `task` while it runs; a failure stays on the board until the same work succeeds. */
  async during<T>(kind: Work["kind"], subject: string, task: (progress: Progress) => Promise<T>): Promise<T> {
    const startedMs = performance.now();
    const work: Work = { kind, subject, step: "starting", progress: 0, error: "" };
    this.report(work);
    this.#listener(work);
    let told = 0;
    const progress: Progress = (step, fraction) => {
      if (step !== work.step) this.log.info("work_step", { kind, subject, step, fraction });
      work.step = step;
      work.progress = Math.min(1, Math.max(0, fraction));
      if (work.progress < told + TOLD_STEP) return;
      told = work.progress;
      this.#listener(work);
    };
    try {
      const result = await task(progress);
      this.#items.delete(`${kind}/${subject}`);
      this.log.info("work_done", { kind, subject, ms: Math.round(performance.now() - startedMs) });
      return result;
    } catch (error) {
      work.error = describeError(error);
      this.log.error("work_failed", { kind, subject, step: work.step, error: work.error });
      this.#listener(work);
      throw error;
    }
  }
}
