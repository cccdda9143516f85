/** What the clients of a schedule know for certain, whatever answers were lost on the way. */
import type { SandboxApi, SandboxBody } from "../support/sandbox-api.ts";
import type { Answer } from "../support/server.ts";

/** What a client may be told while things die. A 500 is never among it: that is a bug. */
const HONEST_STATUSES = new Set([200, 201, 404, 409, 429, 502, 503, 504]);

export class World {
  /** Made and answered for, and never asked to go. */
  readonly alive = new Set<string>();
  /** What stands in a file on the disk of each, where the writing of it was answered. */
  readonly marks = new Map<string, string>();
  /** Answers no client should get, in words. */
  readonly offences: string[] = [];
  /** How many calls ended how, such as `pause 200`. */
  readonly outcomes = new Map<string, number>();

  constructor(readonly api: SandboxApi) {}

  /** Null when no answer came: it may have been done or not. */
  async ask(
    what: string,
    path: string,
    body?: unknown,
    method?: string,
  ): Promise<Answer<SandboxBody> | null> {
    const answer = await this.api.request(path, body, method).catch(() => null);
    const outcome = `${what} ${answer?.status ?? "unanswered"}`;
    this.outcomes.set(outcome, (this.outcomes.get(outcome) ?? 0) + 1);
    if (answer !== null && !HONEST_STATUSES.has(answer.status)) {
      this.offences.push(`${what} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    }
    return answer;
  }
}
