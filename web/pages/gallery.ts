/** /dev/gallery, in the development build alone: every component in every state, in the theme of the moment. */
import { css, html, LitElement, type TemplateResult } from "lit";
import { customElement } from "lit/decorators.js";

import "../components/button.ts";
import { theme } from "../state/preferences.ts";
import { base, page } from "../styles/shared.ts";
import { CONTROLS } from "./gallery/controls.ts";
import { DATA } from "./gallery/data.ts";
import type { Exhibit } from "./gallery/exhibit.ts";
import { OVERLAYS } from "./gallery/overlays.ts";
import { SCREENS } from "./gallery/screens.ts";

const EXHIBITS: readonly Exhibit[] = [...CONTROLS, ...DATA, ...SCREENS, ...OVERLAYS];

@customElement("wr-gallery-page")
export class GalleryPage extends LitElement {
  static override styles = [
    base,
    page,
    css`
      main {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: var(--s6);
        width: 100%;
        max-width: 72rem;
        margin: 0 auto;
        padding: var(--s6) var(--s4);
      }

      section {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: var(--s3);
        padding-top: var(--s4);
        border-top: 1px solid var(--line);
      }

      h2 {
        font-size: var(--text-lg);
        font-weight: 600;
      }

      .states {
        display: flex;
        flex-wrap: wrap;
        gap: var(--s4);
        align-items: start;
      }

      .states > * {
        min-width: 0;
      }

      .wide > * {
        flex: 1 1 18rem;
      }
    `,
  ];

  override render(): TemplateResult {
    return html`<main>
      <div class="head">
        <h1>Gallery</h1>
        <div class="bar">
          <wr-button @click=${() => theme.set("light")}>Light</wr-button>
          <wr-button @click=${() => theme.set("dark")}>Dark</wr-button>
        </div>
      </div>
      ${EXHIBITS.map(
        ({ name, isWide = false, states }) =>
          html`<section aria-label=${name}>
            <h2>${name}</h2>
            <div class="states ${isWide ? "wide" : ""}">${states}</div>
          </section>`,
      )}
    </main>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-gallery-page": GalleryPage;
  }
}
