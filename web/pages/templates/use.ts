/**
 * How programs start sandboxes from a template: code to paste.
 *
 * @fires close
 */
import { css, html, LitElement, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";

import "../../components/button.ts";
import "../../components/copy.ts";
import "../../components/dialog.ts";
import type { Dialog } from "../../components/dialog.ts";
import { emit } from "../../components/emit.ts";
import "../../components/tabs.ts";
import type { Tabs } from "../../components/tabs.ts";
import { base } from "../../styles/shared.ts";
import { SNIPPETS } from "./snippets.ts";

@customElement("wr-use-template")
export class UseTemplate extends LitElement {
  static override styles = [
    base,
    css`
      wr-dialog {
        --dialog-width: 40rem;
      }

      .content {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: var(--s4);
      }

      .soft {
        color: var(--ink-soft);
        font-size: var(--text-sm);
      }
    `,
  ];

  /** Its name. */
  @property() template = "";
  @state() private chosen = SNIPPETS[0]?.value ?? "";
  @query("wr-dialog") private dialog!: Dialog;

  override render(): TemplateResult {
    return html`<wr-dialog open heading="Use ${this.template}" @close=${() => emit(this, "close")}>
      <div class="content">
        <wr-tabs
          label="Language"
          chosen=${this.chosen}
          .tabs=${SNIPPETS}
          @change=${(event: Event) => {
            this.chosen = (event.currentTarget as Tabs).chosen;
          }}
        ></wr-tabs>
        ${SNIPPETS.filter(({ value }) => value === this.chosen).map(
          ({ label, hint, code }) =>
            html`<wr-copy label="${label} code" value=${code(this.template, location.origin)}></wr-copy>
              <p class="soft">${hint} <a href="/dashboard/keys">API keys</a></p>`,
        )}
      </div>
      <wr-button slot="actions" autofocus @click=${() => this.dialog.close()}>Close</wr-button>
    </wr-dialog>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-use-template": UseTemplate;
  }
}
