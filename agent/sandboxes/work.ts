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

export class WorkBoard {
  readonly #items = new Map<string, Work>();

  constructor(readonly log: Logger) {}

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
    const progress: Progress = (step, fraction) => {
      if (step !== work.step) this.log.info("work_step", { kind, subject, step, fraction });
      work.step = step;
      work.progress = Math.min(1, Math.max(0, fraction));
    };
    try {
      const result = await task(progress);
      this.#items.delete(`${kind}/${subject}`);
      this.log.info("work_done", { kind, subject, ms: Math.round(performance.now() - startedMs) });
      return result;
    } catch (error) {
      work.error = describeError(error);
      this.log.error("work_failed", { kind, subject, step: work.step, error: work.error });
      throw error;
    }
  }
}
