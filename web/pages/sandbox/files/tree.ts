/**
 * The directories of a sandbox as a tree. Each is read when it is opened. Arrow keys move, open and close.
 *
 * @fires choose with the path that was chosen
 */
import { css, html, LitElement, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { ifDefined } from "lit/directives/if-defined.js";

import { emit } from "../../../components/emit.ts";
import "../../../components/icon.ts";
import { listFiles } from "../../../state/files.ts";
import { base } from "../../../styles/shared.ts";
import { nameOf, parentOf, wayTo } from "../../../text/paths.ts";

interface Branch {
  path: string;
  level: number;
}

@customElement("wr-file-tree")
export class FileTree extends LitElement {
  static override styles = [
    base,
    css`
      :host {
        overflow: auto;
      }

      .item {
        display: flex;
        gap: var(--s1);
        align-items: center;
        min-height: 1.875rem;
        padding-inline: var(--s1) var(--s2);
        border-radius: var(--radius-s);
        color: var(--ink-soft);
        font-size: var(--text-sm);
        white-space: nowrap;
        cursor: pointer;
      }

      .item:hover {
        background: var(--hover);
      }

      .item[aria-selected="true"] {
        background: var(--accent-soft);
        color: var(--ink);
      }

      .item:focus-visible {
        outline-offset: -2px;
      }

      .step {
        flex: none;
        width: 0.75rem;
      }

      .turn {
        flex: none;
        width: 0.85rem;
        height: 0.85rem;
        color: var(--ink-faint);
        transition: rotate var(--fast);
      }

      .open .turn {
        rotate: 90deg;
      }

      .leaf .turn {
        visibility: hidden;
      }

      span {
        overflow: hidden;
        text-overflow: ellipsis;
      }

      .folder {
        flex: none;
        color: var(--ink-faint);
      }
    `,
  ];

  @property() sandboxId = "";
  /** The chosen directory. */
  @property() path = "/";
  /** Counted up when directories may have changed. */
  @property({ type: Number }) version = 0;

  /** What each directory that was read holds, by its path. */
  @state() private below: ReadonlyMap<string, readonly string[]> = new Map();
  @state() private opened: ReadonlySet<string> = new Set(["/"]);
  /** Where the keyboard is. */
  @state() private active = "/";

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("path")) {
      this.active = this.path;
      // Open down to it; the root is open always.
      const way = ["/", ...wayTo(this.path).slice(1, -1)];
      this.opened = new Set([...this.opened, ...way]);
      for (const path of way) void this.#read(path);
    }
    if (changed.has("version") && this.version > 0) {
      for (const path of this.opened) if (this.below.has(path)) void this.#read(path, true);
    }
  }

  override render(): TemplateResult {
    return html`<div role="tree" aria-label="Directories" @keydown=${this.#key}>
      ${this.#branches.map((branch) => this.#renderBranch(branch))}
    </div>`;
  }

  #renderBranch({ path, level }: Branch): TemplateResult {
    const isOpen = this.opened.has(path);
    const isLeaf = this.below.get(path)?.length === 0;
    return html`<div
      class="item ${isLeaf ? "leaf" : isOpen ? "open" : ""}"
      role="treeitem"
      data-path=${path}
      aria-level=${level + 1}
      aria-expanded=${ifDefined(isLeaf ? undefined : isOpen ? "true" : "false")}
      aria-selected=${path === this.path}
      tabindex=${path === this.active ? 0 : -1}
      @click=${() => this.#choose(path)}
    >
      ${Array.from({ length: level }, () => html`<div class="step"></div>`)}
      <wr-icon class="turn" name="right" @click=${(event: Event) => this.#press(event, path)}></wr-icon>
      <wr-icon class="folder" name="folder"></wr-icon>
      <span>${path === "/" ? "/" : nameOf(path)}</span>
    </div>`;
  }

  /** Those in sight, in order. */
  get #branches(): readonly Branch[] {
    const found: Branch[] = [];
    const add = (path: string, level: number): void => {
      found.push({ path, level });
      if (!this.opened.has(path)) return;
      for (const child of this.below.get(path) ?? []) add(child, level + 1);
    };
    add("/", 0);
    return found;
  }

  async #read(path: string, anew = false): Promise<void> {
    if (this.below.has(path) && !anew) return;
    // The list beside it says why one cannot be read.
    const entries = await listFiles(this.sandboxId, path).catch(() => null);
    if (entries === null) return;
    const directories = entries.filter(({ type }) => type === "directory").map((entry) => entry.path);
    this.below = new Map([...this.below, [path, directories]]);
  }

  #turn(path: string, isOpen: boolean): void {
    const opened = new Set(this.opened);
    if (isOpen) {
      opened.add(path);
      void this.#read(path);
    } else opened.delete(path);
    this.opened = opened;
  }

  #press(event: Event, path: string): void {
    event.stopPropagation();
    this.#turn(path, !this.opened.has(path));
  }

  #choose(path: string): void {
    this.active = path;
    this.#turn(path, true);
    emit(this, "choose", path);
  }

  #key(event: KeyboardEvent): void {
    const branches = this.#branches;
    const at = branches.findIndex(({ path }) => path === this.active);
    const { active } = this;
    const isOpen = this.opened.has(active);
    switch (event.key) {
      case "ArrowDown":
        this.#move(branches[at + 1]?.path);
        break;
      case "ArrowUp":
        this.#move(branches[at - 1]?.path);
        break;
      case "Home":
        this.#move(branches[0]?.path);
        break;
      case "End":
        this.#move(branches.at(-1)?.path);
        break;
      case "ArrowRight":
        if (isOpen) this.#move(this.below.get(active)?.[0]);
        else this.#turn(active, true);
        break;
      case "ArrowLeft":
        if (isOpen) this.#turn(active, false);
        else if (active !== "/") this.#move(parentOf(active));
        break;
      case "Enter":
      case " ":
        this.#choose(active);
        break;
      default:
        return;
    }
    event.preventDefault();
  }

  #move(path: string | undefined): void {
    if (path === undefined) return;
    this.active = path;
    void this.updateComplete.then(() => {
      const items = [...this.renderRoot.querySelectorAll<HTMLElement>(".item")];
      items.find(({ dataset }) => dataset["path"] === path)?.focus();
    });
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-file-tree": FileTree;
  }
}
