/** Which templates are being copied to and from this host, so that a deletion can end their copies. */
import { AgentError } from "../errors.ts";
import type { Template } from "../images/images.ts";

/** More would only share the same disk and line. */
const MAX_IMPORTS = 4;
const MAX_EXPORTS = 8;
/** An import that waited so long for its next piece makes room for one that comes from a living server. */
const STILL_MS = 5_000;

interface Import {
  done: Promise<Template>;
  abort: AbortController;
  /** Since when it waits, on the process's clock; null while it has something to do. */
  pace: { waitsSinceMs: number | null };
}

/** Brings a template in until `signal` aborts; `onWait` is to hear when it waits for more and when it goes on. */
type Work = (signal: AbortSignal, onWait: (isWaiting: boolean) => void) => Promise<Template>;

const deleted = (templateId: string): AgentError =>
  new AgentError("template_not_found", `template ${templateId} was deleted while it was copied`);
const replaced = (templateId: string): AgentError =>
  new AgentError("busy", `template ${templateId} stopped coming, and another copy of it was begun`);

export class TemplateCopies {
  /** By template id. */
  readonly #imports = new Map<string, Import>();
  readonly #exports = new Map<AbortController, string>();

  constructor(private readonly stillMs = STILL_MS) {}

  /**
   * Runs `work` unless the same template is coming in already: then its outcome is this call's too, or it is
   * ended first when nothing of it has come for a while. Throws what `work` throws, and `busy` when there are
   * too many.
   */
  async bringIn(templateId: string, signal: AbortSignal, work: Work): Promise<Template> {
    for (;;) {
      const known = this.#imports.get(templateId);
      if (known === undefined) break;
      const { waitsSinceMs } = known.pace;
      if (waitsSinceMs === null || performance.now() - waitsSinceMs < this.stillMs) return await known.done;
      known.abort.abort(replaced(templateId));
      await known.done.catch(() => {});
    }
    if (this.#imports.size >= MAX_IMPORTS) {
      throw new AgentError("busy", `${MAX_IMPORTS} templates are being copied to this host; try again later`);
    }
    const abort = new AbortController();
    const pace: Import["pace"] = { waitsSinceMs: null };
    const done = work(AbortSignal.any([signal, abort.signal]), (isWaiting) => {
      pace.waitsSinceMs = isWaiting ? performance.now() : null;
    });
    this.#imports.set(templateId, { done, abort, pace });
    try {
      return await done;
    } finally {
      this.#imports.delete(templateId);
    }
  }

  isComingIn(templateId: string): boolean {
    return this.#imports.has(templateId);
  }

  /** The signal of a copy to another host; it is over when the result is disposed of. Throws `busy`. */
  takeOut(templateId: string): Disposable & { signal: AbortSignal } {
    if (this.#exports.size >= MAX_EXPORTS) {
      throw new AgentError(
        "busy",
        `${MAX_EXPORTS} templates are being copied from this host; try again later`,
      );
    }
    const abort = new AbortController();
    this.#exports.set(abort, templateId);
    return { signal: abort.signal, [Symbol.dispose]: () => void this.#exports.delete(abort) };
  }

  /** Resolves when nothing of the template is being written any more. */
  async end(templateId: string): Promise<void> {
    for (const [abort, id] of this.#exports) if (id === templateId) abort.abort(deleted(templateId));
    const coming = this.#imports.get(templateId);
    if (coming === undefined) return;
    coming.abort.abort(deleted(templateId));
    await coming.done.catch(() => {});
  }
}
