/**
 * A screen that programs write to and keys go out of. What is behind it, whoever uses it decides.
 *
 * @fires type with what was typed or pasted, as text
 * @fires bytes with what was typed, where it is no text
 * @fires leave when the keyboard is to go elsewhere
 * @fires fit when there is another number of columns or rows
 */
import { FitAddon } from "@xterm/addon-fit";
import { Terminal as Screen } from "@xterm/xterm";
import { css, html, LitElement, type TemplateResult, unsafeCSS } from "lit";
import { customElement, property, query } from "lit/decorators.js";

import { base } from "../styles/shared.ts";
import { copyText } from "./clipboard.ts";
import { emit } from "./emit.ts";

import screenCss from "@xterm/xterm/css/xterm.css" with { type: "text" };
import "./sheet.ts";
import { themeOf } from "./terminal-theme.ts";

/** Lines kept above the screen. */
const KEPT_LINES = 5_000;

export interface Size {
  cols: number;
  rows: number;
}

@customElement("wr-terminal")
export class Terminal extends LitElement {
  static override styles = [
    base,
    unsafeCSS(screenCss),
    css`
      :host {
        min-height: 0;
        overflow: hidden;
      }

      .screen {
        width: 100%;
        height: 100%;
      }

      .xterm {
        height: 100%;
      }

      /* The library's own is black, whatever the theme. */
      .screen .xterm .xterm-viewport {
        background: transparent;
      }
    `,
  ];

  /** What it is, for those who do not see it. */
  @property() label = "Terminal";
  /** Nothing takes what is typed. */
  @property({ type: Boolean }) deaf = false;

  @query(".screen") private frame!: HTMLElement;
  #screen: Screen | null = null;
  readonly #fit = new FitAddon();
  readonly #resized = new ResizeObserver(() => this.#adapt());
  readonly #themed = new MutationObserver(() => this.#paint());
  readonly #system = matchMedia("(prefers-color-scheme: dark)");
  readonly #paintNow = (): void => this.#paint();

  override connectedCallback(): void {
    super.connectedCallback();
    this.#resized.observe(this);
    this.#themed.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    this.#system.addEventListener("change", this.#paintNow);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#resized.disconnect();
    this.#themed.disconnect();
    this.#system.removeEventListener("change", this.#paintNow);
  }

  override render(): TemplateResult {
    return html`<div class="screen"></div>`;
  }

  override firstUpdated(): void {
    const screen = new Screen({
      allowProposedApi: false,
      cursorBlink: !matchMedia("(prefers-reduced-motion: reduce)").matches,
      fontFamily: getComputedStyle(this).getPropertyValue("--mono"),
      fontSize: 13,
      lineHeight: 1.2,
      scrollback: KEPT_LINES,
      theme: themeOf(this),
      // Whatever colours a program puts on each other, they can be read.
      minimumContrastRatio: 4.5,
      disableStdin: this.deaf,
      screenReaderMode: false,
    });
    screen.loadAddon(this.#fit);
    screen.onData((text) => emit(this, "type", text));
    screen.onBinary((text) =>
      emit(
        this,
        "bytes",
        Uint8Array.from(text, (char) => char.charCodeAt(0)),
      ),
    );
    screen.onResize(() => emit(this, "fit"));
    screen.attachCustomKeyEventHandler((event) => this.#isForProgram(event));
    screen.open(this.frame);
    screen.textarea?.setAttribute("aria-label", `${this.label}. F6 leads out of it.`);
    this.#screen = screen;
    this.#adapt();
  }

  override updated(): void {
    if (this.#screen) this.#screen.options.disableStdin = this.deaf;
  }

  get size(): Size {
    return { cols: this.#screen?.cols ?? 80, rows: this.#screen?.rows ?? 24 };
  }

  /** Resolves when it is on the screen. */
  write(data: Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      if (this.#screen) this.#screen.write(data, resolve);
      else resolve();
    });
  }

  /** As new: what is told again must not stand twice. */
  clear(): void {
    this.#screen?.reset();
  }

  override focus(): void {
    this.#screen?.focus();
  }

  /** All text that is kept, for tests and for copying. */
  get text(): string {
    const buffer = this.#screen?.buffer.active;
    const lines = Array.from({ length: buffer?.length ?? 0 }, (_, at) => {
      return buffer?.getLine(at)?.translateToString(true) ?? "";
    });
    return lines.join("\n").trimEnd();
  }

  /**
   * Most keys are. F6, which leads from pane to pane elsewhere too, gives the keyboard back; Control-V pastes, and
   * Control-C copies what is selected.
   */
  #isForProgram(event: KeyboardEvent): boolean {
    const { ctrlKey, metaKey, altKey } = event;
    const isControl = ctrlKey && !metaKey && !altKey;
    if (isControl && event.key.toLowerCase() === "v") return false;
    if (isControl && event.key.toLowerCase() === "c" && this.#screen?.hasSelection() === true) {
      if (event.type === "keydown") {
        event.preventDefault();
        void copyText(this.#screen.getSelection());
        this.#screen.clearSelection();
      }
      return false;
    }
    if (event.key !== "F6") return true;
    event.preventDefault();
    if (event.type === "keydown") emit(this, "leave");
    return false;
  }

  #adapt(): void {
    // Hidden, it keeps the size it had.
    if (this.#screen === null || this.clientWidth === 0 || this.clientHeight === 0) return;
    this.#fit.fit();
  }

  #paint(): void {
    if (this.#screen) this.#screen.options.theme = themeOf(this);
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-terminal": Terminal;
  }
}
