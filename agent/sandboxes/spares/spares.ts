/**
 * Spares: machines made ahead of the creates that will claim them, as many as were asked for lately. One is
 * made at a time, in the background; a create that finds none makes its machine itself. A spare that was
 * claimed never comes back.
 */
import type { TemplateKey } from "../../images/images.ts";
import type { Live } from "../sandbox.ts";
import { Demand } from "./demand.ts";

/** What a spare can become: sandboxes of this template with a disk of this size. */
export interface SpareKind {
  /** The one whose memory is mapped: a variant where the size is not the template's own. */
  template: TemplateKey;
  diskSizeMb: number;
}

/** A machine that stands, with all it owns; no sandbox has had it yet. */
export interface Spare extends SpareKind {
  /** Names its directory until a sandbox takes it. Bare UUID. */
  id: string;
  /** Oldest first; the last is its own. Kept from being collected by `pin`. */
  layers: string[];
  pin: Disposable;
  live: Live;
}

/** `enough`: for those that stand, not for one more; `none`: also while the host takes no new sandboxes. */
export type SpareRoom = "more" | "enough" | "none";

export interface SpareDeps {
  /** Spares at once, of all kinds together; 0: none are kept. */
  most: number;
  /** Rejects when the kind cannot be had now, and soon after `unwanted` is aborted. */
  make: (kind: SpareKind, unwanted: AbortSignal) => Promise<Spare>;
  /** Never rejects. */
  end: (spare: Spare) => Promise<void>;
  readRoom: () => Promise<SpareRoom>;
  onFailure: (kind: SpareKind, error: unknown) => void;
}

/** What is not wanted any more goes within this, and what failed is tried again. */
const REVIEW_MS = 10_000;

const nameOf = ({ template, diskSizeMb }: SpareKind): string => `${template.templateId}/${diskSizeMb}`;

interface Making {
  templateId: string;
  unwanted: AbortController;
  /** Resolves when it is there or has failed. */
  done: Promise<unknown>;
}

export class Spares {
  readonly #ready: Spare[] = [];
  readonly #kinds = new Map<string, SpareKind>();
  readonly #demand: Demand;
  readonly #kept = new Set<string>();
  #work: Promise<void> = Promise.resolve();
  #isWorking = false;
  #making: Making | null = null;
  readonly #ending = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | null = null;
  /** Templates nothing may be made of. */
  readonly #barred = new Set<string>();

  constructor(private readonly deps: SpareDeps) {
    this.#demand = new Demand(deps.most);
  }

  /** Spares that wait for a create. */
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
  claim(kind: SpareKind): Spare | null {
    this.expect(kind);
    const name = nameOf(kind);
    const index = this.#ready.findIndex((spare) => nameOf(spare) === name);
    const [spare] = index < 0 ? [] : this.#ready.splice(index, 1);
    return spare ?? null;
  }

  /** Somebody will ask for one of these. */
  expect(kind: SpareKind): void {
    if (this.deps.most === 0) return;
    const name = nameOf(kind);
    this.#kinds.set(name, kind);
    this.#demand.note(name);
    this.#review();
  }

  /** One of these stands ready whether or not anybody has asked for one. */
  keepOne(kind: SpareKind): void {
    if (this.deps.most === 0) return;
    this.#kinds.set(nameOf(kind), kind);
    this.#kept.add(nameOf(kind));
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
    while (this.#timer !== null) {
      await this.#endSurplus();
      const room = await this.deps.readRoom();
      if (room === "none") await this.giveWay();
      if (room !== "more" || this.#timer === null) return;
      const kind = this.#next(failed);
      if (kind === null) return;
      if (!(await this.#make(kind))) failed.add(nameOf(kind));
    }
  }

  /** False when that failed. */
  async #make(kind: SpareKind): Promise<boolean> {
    const unwanted = new AbortController();
    const made = this.deps.make(kind, unwanted.signal).then(
      (spare) => {
        this.#add(spare);
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

  #add(spare: Spare): void {
    this.#ready.push(spare);
    void spare.live.vm.exited.then(() => this.#endWhere((one) => one === spare));
  }

  #countOf(name: string): number {
    return this.#ready.filter((spare) => nameOf(spare) === name).length;
  }

  /** A kind of which there are too few. */
  #next(failed: ReadonlySet<string>): SpareKind | null {
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
      await this.#endWhere((spare) => nameOf(spare) === name && ++kept > target);
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

  async #endWhere(isSurplus: (spare: Spare) => boolean): Promise<void> {
    const surplus = this.#ready.filter(isSurplus);
    for (const spare of surplus) this.#ready.splice(this.#ready.indexOf(spare), 1);
    await Promise.all(surplus.map((spare) => this.#end(spare)));
  }

  #end(spare: Spare): Promise<void> {
    const ending = this.deps.end(spare).finally(() => this.#ending.delete(ending));
    this.#ending.add(ending);
    return ending;
  }
}
