/** One file looked at. */
import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";

import { describeFailure } from "../../../api/failure.ts";
import "../../../components/button.ts";
import "../../../components/empty.ts";
import "../../../components/icon.ts";
import { emit } from "../../../components/emit.ts";
import type { FileEntry } from "../../../state/files.ts";
import { base } from "../../../styles/shared.ts";
import { formatBytes } from "../../../text/format.ts";
import { highlight } from "../../../text/highlight.ts";
import { nameOf } from "../../../text/paths.ts";
import { type Content, readContent } from "./preview-content.ts";

/**
 * @fires close
 * @fires download
 */
@customElement("wr-file-preview")
export class FilePreview extends LitElement {
  static override styles = [
    base,
    css`
      :host {
        min-width: 0;
        border: 1px solid var(--line);
        border-radius: var(--radius-l);
        background: var(--surface);
        box-shadow: var(--shadow-low);
        overflow: hidden;
      }

      .top {
        display: flex;
        flex-wrap: wrap;
        gap: var(--s2);
        align-items: center;
        padding: var(--s2) var(--s2) var(--s2) var(--s4);
        border-bottom: 1px solid var(--line);
      }

      h2 {
        min-width: 0;
        margin-inline-end: auto;
        font-size: var(--text);
        font-weight: 600;
        overflow-wrap: anywhere;
      }

      h2 small {
        color: var(--ink-faint);
        font-size: var(--text-sm);
        font-weight: 400;
      }

      pre {
        max-height: max(20rem, calc(100dvh - 22rem));
        margin: 0;
        padding: var(--s3) var(--s4);
        overflow: auto;
        font: 400 var(--text-sm) / 1.6 var(--mono);
        tab-size: 4;
      }

      pre:focus-visible {
        outline-offset: -2px;
      }

      .comment {
        color: var(--ink-faint);
        font-style: italic;
      }

      .string {
        color: var(--good);
      }

      .number {
        color: var(--warn);
      }

      .word {
        color: var(--accent);
      }

      .name {
        color: var(--accent-strong);
      }

      .picture {
        display: grid;
        place-items: center;
        padding: var(--s4);
        background: var(--sunken);
      }

      img {
        max-width: 100%;
        max-height: 32rem;
      }

      .note {
        padding: var(--s2) var(--s4);
        border-top: 1px solid var(--line);
        color: var(--ink-soft);
        font-size: var(--text-sm);
      }

      .bone {
        height: 12rem;
      }
    `,
  ];

  @property() sandboxId = "";
  @property() path = "";
  /** Null where only its path is known. */
  @property({ attribute: false }) entry: FileEntry | null = null;

  @state() private content: Content | null = null;
  @state() private failure: unknown = null;
  #reading: AbortController | null = null;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#drop();
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("path") || (changed.has("entry") && this.#isNewer(changed.get("entry"))))
      void this.#read();
  }

  override render(): TemplateResult {
    const { entry } = this;
    return html`<div class="top">
        <h2>
          ${nameOf(this.path)} ${entry === null ? nothing : html`<small>${formatBytes(entry.size)}</small>`}
        </h2>
        <wr-button small @click=${() => emit(this, "download")}
          ><wr-icon name="download"></wr-icon>Download</wr-button
        >
        <wr-button small kind="quiet" label="Close the preview" @click=${() => emit(this, "close")}
          ><wr-icon name="close"></wr-icon
        ></wr-button>
      </div>
      ${this.#renderContent()}`;
  }

  #renderContent(): TemplateResult {
    if (this.failure !== null) {
      return html`<wr-empty
        icon="alert"
        tone="bad"
        heading="This file could not be read"
        text=${describeFailure(this.failure)}
      >
        <wr-button @click=${() => void this.#read()}>Try again</wr-button>
      </wr-empty>`;
    }
    const { content } = this;
    if (content === null) return html`<div class="bone" role="status" aria-label="Reading the file"></div>`;
    if (content.kind === "none") {
      return html`<wr-empty
        icon="file"
        heading="No preview"
        text="${content.why} Download it to look at it."
      ></wr-empty>`;
    }
    if (content.kind === "picture") {
      return html`<div class="picture">
        <img src=${content.url} alt=${nameOf(this.path)} @error=${this.#broken} />
      </div>`;
    }
    if (content.text === "") return html`<p class="note">The file is empty.</p>`;
    return html`<pre tabindex="0" role="region" aria-label="Content of ${nameOf(this.path)}">
${highlight(content.text, nameOf(this.path)).map(({ kind, text }) => (kind === "plain" ? text : html`<span class=${kind}>${text}</span>`))}</pre>
      ${content.isWhole ? nothing : html`<p class="note">This is its beginning. Download it to see the rest.</p>`}`;
  }

  #isNewer(before: FileEntry | null | undefined): boolean {
    return before !== null && before !== undefined && before.modified_at !== this.entry?.modified_at;
  }

  #broken(): void {
    this.#drop();
    this.content = { kind: "none", why: "This is no picture that your browser can show." };
  }

  #drop(): void {
    this.#reading?.abort();
    if (this.content?.kind === "picture") URL.revokeObjectURL(this.content.url);
    this.content = null;
  }

  async #read(): Promise<void> {
    this.#drop();
    this.failure = null;
    const reading = new AbortController();
    this.#reading = reading;
    const { signal } = reading;
    try {
      const content = await readContent(this.sandboxId, {
        path: this.path,
        size: this.entry?.size ?? 0,
        signal,
      });
      if (!signal.aborted) this.content = content;
      else if (content.kind === "picture") URL.revokeObjectURL(content.url);
    } catch (error) {
      if (!signal.aborted) this.failure = error;
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-file-preview": FilePreview;
  }
}
