/** Every process that runs, and for a while those that have ended. Bounded whatever is started. */
import { Code, ConnectError } from "@connectrpc/connect";

import type { ProcessSelector } from "../../../proto/gen/process/process_pb.ts";
import type { RunningProcess } from "./running.ts";
import type { ProcessEnd } from "./status.ts";

/** How long Connect finds an ended process, and how long with a replay of its output. */
const ENDED_CONNECT_MS = 30_000;
const ENDED_REPLAY_MS = 600_000;

/** Beyond these the oldest ended ones are forgotten early. */
const ENDED_COUNT = 512;
const ENDED_OUTPUT_BYTES = 8 * 1024 * 1024;

interface EndedProcess {
  process: RunningProcess;
  end: ProcessEnd;
  /** Monotonic: the wall clock jumps at every restore. */
  endedAtMs: number;
}

const matches = (process: RunningProcess, selector: ProcessSelector["selector"]): boolean =>
  selector.case === "tag" ? process.tag === selector.value : process.pid === selector.value;

const describe = ({ selector }: ProcessSelector): string =>
  selector.case === "tag"
    ? `process with tag '${selector.value}'`
    : `process with pid ${selector.value ?? 0}`;

export class ProcessTable {
  readonly #running = new Map<number, RunningProcess>();
  /** Oldest first. */
  #ended: EndedProcess[] = [];
  #endedBytes = 0;

  add(process: RunningProcess): void {
    this.#running.set(process.pid, process);
    void process.ended.then((end) => {
      if (this.#running.get(process.pid) === process) this.#running.delete(process.pid);
      this.#keep({ process, end, endedAtMs: performance.now() });
    });
  }

  #keep(ended: EndedProcess): void {
    this.#ended.push(ended);
    this.#endedBytes += ended.process.output.keptBytes;
    const expiredBeforeMs = performance.now() - ENDED_REPLAY_MS;
    let dropped = 0;
    for (const { process, endedAtMs } of this.#ended) {
      const left = this.#ended.length - dropped;
      if (endedAtMs >= expiredBeforeMs && left <= ENDED_COUNT && this.#endedBytes <= ENDED_OUTPUT_BYTES)
        break;
      this.#endedBytes -= process.output.keptBytes;
      dropped += 1;
    }
    if (dropped > 0) this.#ended = this.#ended.slice(dropped);
  }

  list(): RunningProcess[] {
    return [...this.#running.values()];
  }

  /** Throws not_found, also for a process that has ended. */
  running(selector: ProcessSelector | undefined): RunningProcess {
    const wanted = required(selector);
    const found =
      wanted.selector.case === "pid"
        ? this.#running.get(wanted.selector.value)
        : this.list().findLast((process) => matches(process, wanted.selector));
    if (found === undefined) throw new ConnectError(`${describe(wanted)} not found`, Code.NotFound);
    return found;
  }

  /** A running process or one that ended lately. Throws not_found. */
  recent(selector: ProcessSelector | undefined, options: { replay: boolean }): RunningProcess {
    const wanted = required(selector);
    const running = this.list().findLast((process) => matches(process, wanted.selector));
    if (running !== undefined) return running;
    const since = performance.now() - (options.replay ? ENDED_REPLAY_MS : ENDED_CONNECT_MS);
    const ended = this.#ended.findLast(({ process }) => matches(process, wanted.selector));
    if (ended === undefined || ended.endedAtMs < since) {
      throw new ConnectError(`${describe(wanted)} not found`, Code.NotFound);
    }
    return ended.process;
  }
}

const required = (selector: ProcessSelector | undefined): ProcessSelector => {
  if (selector?.selector.case === undefined) {
    throw new ConnectError("process must be selected by pid or tag", Code.InvalidArgument);
  }
  return selector;
};
