/**
 * What is made ahead of those who will claim it, as much as was asked for lately. One is made at a time, in the
 * background; who finds none makes it. What was claimed never comes back.
 */
import type { TemplateKey } from "../../images/images.ts";
import type { Live } from "../sandbox.ts";
import { Demand } from "./demand.ts";

/** What sets things apart that are made ahead: all stand on a template. */
interface OfTemplate {
  /** The one whose memory is mapped: a variant where the size is not the template's own. */
  template: TemplateKey;
}

/** `enough`: for those that stand, not for one more; `none`: also while the host takes no new sandboxes. */
export type PoolRoom = "more" | "enough" | "none";

export interface PoolDeps<Kind extends OfTemplate, Item extends Kind & { live: Live }> {
  /** At once, of all kinds together; 0: none are kept. */
  most: number;
  /** Nothing is made this soon after somebody asked, unless they ask without end. @default 0 */
  restMs?: number;
  /** The same for equal kinds. */
  nameOf: (kind: Kind) => string;
  /** Rejects when the kind cannot be had now, and soon after `unwanted` is aborted. */
  make: (kind: Kind, unwanted: AbortSignal) => Promise<Item>;
  /** Never rejects. */
  end: (item: Item) => Promise<void>;
  readRoom: () => Promise<PoolRoom>;
  onFailure: (kind: Kind, error: unknown) => void;
}

/** What is not wanted any more goes within this, and what failed is tried again. */
const REVIEW_MS = 10_000;
/** In times of `restMs`: where there is always somebody asking, one is made each time this has passed. */
const LONGEST_REST = 3;

interface Making {
  templateId: string;
  unwanted: AbortController;
  /** Resolves when it is there or has failed. */
  done: Promise<unknown>;
}

export class Pool<Kind extends OfTemplate, Item extends Kind & { live: Live }> {
  readonly #ready: Item[] = [];
  readonly #kinds = new Map<string, Kind>();
  readonly #demand: Demand;
  readonly #kept = new Set<string>();
  #work: Promise<void> = Promise.resolve();
  #isWorking = false;
  #making: Making | null = null;
  readonly #ending = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | null = null;
  #askedAtMs = -Infinity;
  readonly #closing = Promise.withResolvers<void>();
  /** Templates nothing may be made of. */
  readonly #barred = new Set<string>();

  constructor(private readonly deps: PoolDeps<Kind, Item>) {
    this.#demand = new Demand(deps.most);
  }

  /** Those that wait to be claimed. */
  get count(): number {
    return this.#ready.length;
  }

  /** Nothing is made before this: what an earlier agent left must have been swept. */
  start(): void {
    if (this.deps.most === 0) return;
    this.#timer = setInterval(() => this.#review(), REVIEW_MS).unref();
    this.#review();
  }

  /** Counts as demand. Null when there is none ready. */
  claim(kind: Kind): Item | null {
    this.expect(kind);
    const name = this.deps.nameOf(kind);
    const index = this.#ready.findIndex((item) => this.deps.nameOf(item) === name);
    const [item] = index < 0 ? [] : this.#ready.splice(index, 1);
    return item ?? null;
  }

  /** Somebody will ask for one of these. */
  expect(kind: Kind): void {
    if (this.deps.most === 0) return;
    const name = this.deps.nameOf(kind);
    this.#kinds.set(name, kind);
    this.#demand.note(name);
    this.#askedAtMs = performance.now();
    this.#review();
  }

  /** Somebody may ask for one of these: counts as demand where there has been none. */
  suggest(kind: Kind): void {
    if (!this.#demand.knows(this.deps.nameOf(kind))) this.expect(kind);
  }

  /** One of these stands ready whether or not anybody has asked for one. */
  keepOne(kind: Kind): void {
    if (this.deps.most === 0) return;
    this.#kinds.set(this.deps.nameOf(kind), kind);
    this.#kept.add(this.deps.nameOf(kind));
    this.#review();
  }

  /** Ends those that wait: what they have is needed. False when none has gone meanwhile, whoever ended it. */
  async giveWay(): Promise<boolean> {
    const ended = this.#endWhere(() => true);
    const isAnyGoing = this.#ending.size > 0;
    await Promise.all([ended, ...this.#ending]);
    return isAnyGoing;
  }

  /** None of this template's is left or will be made while `work` is under way. */
  async without<T>(templateIds: readonly string[], work: () => Promise<T>): Promise<T> {
    for (const id of templateIds) this.#barred.add(id);
    try {
      // Others are not waited for: there may be no end of them.
      await this.#stopMaking((templateId) => this.#barred.has(templateId));
      await this.#endWhere(({ template }) => this.#barred.has(template.templateId));
      // And those that were to go anyway.
      await Promise.all(this.#ending);
      this.#forgetBarred();
      return await work();
    } finally {
      for (const id of templateIds) this.#barred.delete(id);
    }
  }

  /** Resolves when none is left and none will be made. */
  async close(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#closing.resolve();
    await this.#stopMaking(() => true);
    await this.#work;
    await this.giveWay();
  }

  /** Resolves when what is wanted now stands, or could not be made. */
  async settled(): Promise<void> {
    await this.#work;
  }

  #review(): void {
    if (this.#timer === null || this.#isWorking) return;
    this.#isWorking = true;
    this.#work = this.#adjust().finally(() => {
      this.#isWorking = false;
    });
  }

  async #adjust(): Promise<void> {
    // Not tried again before somebody asks, or the next review; meanwhile others are made.
    const failed = new Set<string>();
    let missedAtMs = performance.now();
    while (this.#timer !== null) {
      await this.#endSurplus();
      const room = await this.deps.readRoom();
      if (room === "none") await this.giveWay();
      if (room !== "more" || this.#timer === null) return;
      const kind = this.#next(failed);
      if (kind === null) return;
      const restMs = this.#restAfter(missedAtMs);
      if (restMs > 0) {
        await Promise.race([Bun.sleep(restMs), this.#closing.promise]);
        continue;
      }
      missedAtMs = performance.now();
      if (!(await this.#make(kind))) failed.add(this.deps.nameOf(kind));
    }
  }

  /** How long nothing is to be made yet, of what has been missing since then. */
  #restAfter(missedAtMs: number): number {
    const { restMs = 0 } = this.deps;
    return Math.min(this.#askedAtMs + restMs, missedAtMs + LONGEST_REST * restMs) - performance.now();
  }

  /** False when that failed. */
  async #make(kind: Kind): Promise<boolean> {
    const unwanted = new AbortController();
    const made = this.deps.make(kind, unwanted.signal).then(
      (item) => {
        this.#add(item);
        return true;
      },
      (error: unknown) => {
        if (!unwanted.signal.aborted) this.deps.onFailure(kind, error);
        return false;
      },
    );
    this.#making = { templateId: kind.template.templateId, unwanted, done: made };
    try {
      return await made;
    } finally {
      this.#making = null;
    }
  }

  async #stopMaking(isUnwanted: (templateId: string) => boolean): Promise<void> {
    if (this.#making === null || !isUnwanted(this.#making.templateId)) return;
    this.#making.unwanted.abort();
    await this.#making.done;
  }

  #add(item: Item): void {
    this.#ready.push(item);
    void item.live.vm.exited.then(() => this.#endWhere((one) => one === item));
  }

  #countOf(name: string): number {
    return this.#ready.filter((item) => this.deps.nameOf(item) === name).length;
  }

  /** A kind of which there are too few. */
  #next(failed: ReadonlySet<string>): Kind | null {
    for (const [name, target] of this.#demand.targets(this.#kept)) {
      const kind = this.#kinds.get(name);
      if (kind === undefined || failed.has(name) || this.#barred.has(kind.template.templateId)) continue;
      if (this.#countOf(name) < target) return kind;
    }
    return null;
  }

  /** What was asked for since then comes first: it gets the place of what others wanted. */
  async #endSurplus(): Promise<void> {
    const targets = this.#demand.targets(this.#kept);
    for (const name of this.#kinds.keys()) {
      const target = targets.get(name) ?? 0;
      let kept = 0;
      await this.#endWhere((item) => this.deps.nameOf(item) === name && ++kept > target);
      if (!this.#demand.knows(name) && !this.#kept.has(name)) this.#kinds.delete(name);
    }
  }

  #forgetBarred(): void {
    for (const [name, { template }] of this.#kinds) {
      if (!this.#barred.has(template.templateId)) continue;
      this.#kinds.delete(name);
      this.#kept.delete(name);
      this.#demand.forget(name);
    }
  }

  async #endWhere(isSurplus: (item: Item) => boolean): Promise<void> {
    const surplus = this.#ready.filter(isSurplus);
    for (const item of surplus) this.#ready.splice(this.#ready.indexOf(item), 1);
    await Promise.all(surplus.map((item) => this.#end(item)));
  }

  #end(item: Item): Promise<void> {
    const ending = this.deps.end(item).finally(() => this.#ending.delete(ending));
    this.#ending.add(ending);
    return ending;
  }
}
