/** /dev/gallery, in the development build alone: every component in every state. */
import { html, LitElement, type TemplateResult } from "lit";
import { customElement } from "lit/decorators.js";

@customElement("wr-gallery-page")
export class GalleryPage extends LitElement {
  override render(): TemplateResult {
    return html``;
  }
}
