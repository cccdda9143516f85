/** Who dies when memory runs out: never the guest agent, and what it starts counts as anything else. */
import { openSync, writeSync } from "node:fs";

const NEVER = "-1000";
const ORDINARY = "0";

/** Keeps one descriptor open: the score changes twice around every spawn. */
export class OomScore {
  readonly #fd = openSync("/proc/self/oom_score_adj", "w");

  #set(score: string): void {
    try {
      writeSync(this.#fd, score, 0);
    } catch {
      // Only without CAP_SYS_RESOURCE, outside a sandbox: the protection is lost, nothing else.
    }
  }

  protect(): void {
    this.#set(NEVER);
  }

  /**
   * Runs a synchronous spawn. The child inherits the score of that moment, so no grandchild can be born
   * with the agent's, as it could if the score were corrected after the spawn.
   */
  whileOrdinary<T>(action: () => T): T {
    this.#set(ORDINARY);
    try {
      return action();
    } finally {
      this.#set(NEVER);
    }
  }
}
