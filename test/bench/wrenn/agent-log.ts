/** The agent's own times, read from its log: one JSON object per line. */
import { closeSync, openSync, readSync, statSync } from "node:fs";

import { waitUntil } from "../../../server/up/wait-until.ts";

/** Fields ending in `Ms` are durations. */
export type LogEvent = Record<string, unknown>;

const parseLine = (line: string): LogEvent | null => {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : null;
  } catch {
    return null;
  }
};

const WAIT_MS = 5_000;
/** They are made in the background, with what processor time others leave: twenty after a crowd. */
const AHEAD_MS = 60_000;
/** Longer than it takes to make one. */
const QUIET_MS = { spares: 3_000, standbys: 2_000 };

/** Follows a growing log from where it ended when this was made. */
export class AgentLog {
  readonly #path: string;
  #position: number;
  #rest = "";
  readonly #missing = new Set<keyof typeof QUIET_MS>();
  readonly #unread: LogEvent[] = [];
  readonly seen: LogEvent[] = [];

  constructor(path: string) {
    this.#path = path;
    this.#position = statSync(path).size;
  }

  /** The next event of that name about that sandbox (bare UUID). Throws when it does not come. */
  next(event: string, sandboxUuid: string): Promise<LogEvent> {
    return waitUntil(
      async () => {
        this.#read();
        const index = this.#unread.findIndex(
          (one) => one["event"] === event && one["sandbox"] === sandboxUuid,
        );
        return index < 0 ? null : (this.#unread.splice(index, 1)[0] ?? null);
      },
      { what: `the agent to log ${event}`, timeoutMs: WAIT_MS, everyMs: 5 },
    );
  }

  /** Resolves when a machine stands ready for the next create. At once before the first create, and on a host without any. */
  sparesAreReady(): Promise<void> {
    return this.#waitFor("spares", 0);
  }

  /** Resolves when as many stand ready as will be made without further creates. */
  sparesAreFull(): Promise<void> {
    return this.#waitFor("spares", QUIET_MS.spares);
  }

  /** The same of the processes that wait for resumes and copies. */
  standbysAreFull(): Promise<void> {
    return this.#waitFor("standbys", QUIET_MS.standbys);
  }

  async #waitFor(kind: keyof typeof QUIET_MS, quietMs: number): Promise<void> {
    if (this.#missing.has(kind)) return;
    const areThere = async () => {
      const last = this.all().findLast((event) => typeof event[kind] === "number");
      if (last === undefined) return true;
      const isQuiet = Date.now() - Date.parse(String(last["at"])) >= quietMs;
      return Number(last[kind]) > 0 && isQuiet ? true : null;
    };
    try {
      await waitUntil(areThere, { what: kind, timeoutMs: AHEAD_MS, everyMs: 5 });
    } catch {
      this.#missing.add(kind);
      console.log(`this host makes no ${kind}: what would take one is made when it is asked for`);
    }
  }

  /** Everything logged since this was made. */
  all(): LogEvent[] {
    this.#read();
    return this.seen;
  }

  #read(): void {
    const { size } = statSync(this.#path);
    if (size <= this.#position) return;
    const bytes = Buffer.alloc(size - this.#position);
    const fd = openSync(this.#path, "r");
    this.#position += readSync(fd, bytes, 0, bytes.length, this.#position);
    closeSync(fd);
    const lines = (this.#rest + bytes.toString("utf8")).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const event of lines.map(parseLine)) {
      if (event === null) continue;
      this.seen.push(event);
      this.#unread.push(event);
    }
  }
}
