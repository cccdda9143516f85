/**
 * The team's audit trail, newest first: read page by page as somebody scrolls, new events on top as they happen.
 * However long it is, what is held has a bound.
 */
import { call } from "../api.ts";
import { ApiFailure } from "../api/failure.ts";
import type { Answer, Item } from "../api/routes.ts";
import { adminEvents, type LiveEvents, liveEvents } from "./events.ts";
import { withNextFrame } from "./next-frame.ts";
import { Store, type Unsubscribe } from "./store.ts";

export type AuditRow = Item<"GET /v1/audit-logs">;
export type Verification = Answer<"GET /v1/audit-logs/verify">;

export interface AuditFilter {
  /** Empty: all. */
  types: readonly string[];
  actions: readonly string[];
  resourceId: string | null;
}

export type TrailState =
  | { kind: "loading" }
  | { kind: "failed"; failure: ApiFailure }
  | {
      kind: "ready";
      rows: readonly AuditRow[];
      /** There are no older ones. */
      complete: boolean;
      /** New ones that are held back while somebody reads further down. */
      waiting: number;
      /** Why the last page did not come. */
      failure: ApiFailure | null;
    };

export interface TrailSource {
  /** @default the team's stream */
  events?: LiveEvents;
  page(query: Record<string, unknown>): Promise<{ items: AuditRow[]; next_cursor: string | null }>;
}

const PAGE = 200;
/** More new ones are not kept: the newest page is read again instead. */
const MOST_NEW = 2_000;

export const teamTrail: TrailSource = { page: (query) => call("GET /v1/audit-logs", { query }) };

export const platformTrail: TrailSource = {
  events: adminEvents,
  page: (query) => call("GET /v1/admin/audit-logs", { query }),
};

export const toQuery = ({ types, actions, resourceId }: AuditFilter): Record<string, string | undefined> => ({
  resource_type: types.length === 0 ? undefined : types.join(","),
  action: actions.length === 0 ? undefined : actions.join(","),
  resource_id: resourceId ?? undefined,
});

const fits = (row: AuditRow, { types, actions, resourceId }: AuditFilter): boolean =>
  (types.length === 0 || types.includes(row.resource_type)) &&
  (actions.length === 0 || actions.includes(row.action)) &&
  (resourceId === null || row.resource_id === resourceId);

export class Trail {
  readonly state = new Store<TrailState>({ kind: "loading" });
  #filter: AuditFilter = { types: [], actions: [], resourceId: null };
  #rows: AuditRow[] = [];
  /** Told by events, not among the rows yet; newest first. */
  #waiting: AuditRow[] = [];
  /** How many of the rows events told of. */
  #told = 0;
  #cursor: string | null = null;
  #isHolding = false;
  /** Counts readings, so that a late page of an earlier one is left out. */
  #reading = 0;
  #isReadingMore = false;
  #failure: ApiFailure | null = null;
  #cancelFrame: (() => void) | null = null;
  #unfollow: Unsubscribe | null = null;

  constructor(private readonly source: TrailSource) {}

  open(): void {
    this.#unfollow ??= (this.source.events ?? liveEvents).follow({
      kinds: ["audit"],
      changed: ({ resource }) => {
        if (resource !== null) this.#take(resource as AuditRow);
      },
      missed: () => void this.reload(),
    });
  }

  close(): void {
    this.#unfollow?.();
    this.#unfollow = null;
    this.#reading += 1;
    this.#cancelFrame?.();
    this.#cancelFrame = null;
  }

  /** Shows what fits from now on. */
  filter(filter: AuditFilter): void {
    this.#filter = filter;
    this.#rows = [];
    this.#waiting = [];
    this.state.set({ kind: "loading" });
    void this.reload();
  }

  /** From the top. What is shown stays until the answer is there. */
  async reload(): Promise<void> {
    this.#reading += 1;
    const reading = this.#reading;
    this.#isReadingMore = false;
    if (this.state.value.kind === "failed") this.state.set({ kind: "loading" });
    try {
      const { items, next_cursor: cursor } = await this.#page(null);
      if (reading !== this.#reading) return;
      const newest = items[0]?.seq ?? 0;
      // Told while the answer was on its way.
      const newer = this.#waiting.filter(({ seq }) => seq > newest);
      this.#rows = [...newer, ...items];
      this.#waiting = [];
      this.#told = newer.length;
      this.#cursor = cursor;
      this.#failure = null;
      this.#soon();
    } catch (error) {
      if (!(error instanceof ApiFailure)) throw error;
      if (reading === this.#reading) this.state.set({ kind: "failed", failure: error });
    }
  }

  /**
   * The next page of older ones; nothing while one is on its way, or there is none.
   * @param again somebody asks for one that did not come: scrolling alone would ask a server in trouble for ever
   */
  async readMore({ again = false } = {}): Promise<void> {
    if (this.#isReadingMore || this.#cursor === null || this.state.value.kind !== "ready") return;
    if (this.#failure !== null && !again) return;
    const reading = this.#reading;
    this.#isReadingMore = true;
    try {
      const { items, next_cursor: cursor } = await this.#page(this.#cursor);
      if (reading !== this.#reading) return;
      this.#rows = this.#rows.concat(items);
      this.#cursor = cursor;
      this.#failure = null;
    } catch (error) {
      if (!(error instanceof ApiFailure)) throw error;
      if (reading !== this.#reading) return;
      this.#failure = error;
    } finally {
      if (reading === this.#reading) this.#isReadingMore = false;
    }
    this.#soon();
  }

  /** Holds new ones back, so that what somebody reads does not move away; or shows them. */
  hold(isHolding: boolean): void {
    if (this.#isHolding === isHolding) return;
    this.#isHolding = isHolding;
    if (!isHolding) this.#release();
  }

  #page(cursor: string | null) {
    return this.source.page({ ...toQuery(this.#filter), limit: PAGE, cursor: cursor ?? undefined });
  }

  #take(row: AuditRow): void {
    if (!fits(row, this.#filter)) return;
    const newest = this.#waiting[0]?.seq ?? this.#rows[0]?.seq ?? 0;
    if (row.seq <= newest) return;
    this.#waiting.unshift(row);
    // Enough to say that there are many: they are read when they are wanted.
    if (this.#waiting.length > MOST_NEW) this.#waiting.pop();
    if (this.state.value.kind !== "ready") return;
    if (this.#isHolding) this.#soon();
    else this.#release();
  }

  #release(): void {
    if (this.state.value.kind !== "ready" || this.#waiting.length === 0) return;
    if (this.#waiting.length + this.#told >= MOST_NEW) return void this.reload();
    this.#rows = this.#waiting.concat(this.#rows);
    this.#told += this.#waiting.length;
    this.#waiting = [];
    this.#soon();
  }

  #soon(): void {
    this.#cancelFrame ??= withNextFrame(() => {
      this.#cancelFrame = null;
      if (this.#unfollow === null) return;
      this.state.set({
        kind: "ready",
        rows: this.#rows,
        complete: this.#cursor === null,
        waiting: this.#waiting.length,
        failure: this.#failure,
      });
    });
  }
}

export const verifyTrail = (): Promise<Verification> => call("GET /v1/audit-logs/verify");

export const verifyPlatformTrail = (): Promise<Verification> => call("GET /v1/admin/audit-logs/verify");
