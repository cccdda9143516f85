/**
 * Stands in for `<style>` where a library writes one: its text becomes a constructed style sheet of the shadow root
 * it is in, which the content policy allows. It leaves with the element.
 */
export class Sheet extends HTMLElement {
  readonly #sheet = new CSSStyleSheet();
  #root: DocumentOrShadowRoot | null = null;
  #text = "";

  override get textContent(): string {
    return this.#text;
  }

  override set textContent(text: string | null) {
    this.#text = text ?? "";
    this.#sheet.replaceSync(this.#text);
  }

  connectedCallback(): void {
    this.hidden = true;
    const root = this.getRootNode();
    if (!(root instanceof ShadowRoot || root instanceof Document)) return;
    this.#root = root;
    root.adoptedStyleSheets = [...root.adoptedStyleSheets, this.#sheet];
  }

  disconnectedCallback(): void {
    const root = this.#root;
    this.#root = null;
    if (root) root.adoptedStyleSheets = root.adoptedStyleSheets.filter((sheet) => sheet !== this.#sheet);
  }
}

customElements.define("wr-sheet", Sheet);

declare global {
  interface HTMLElementTagNameMap {
    "wr-sheet": Sheet;
  }
}
