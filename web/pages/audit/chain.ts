/** Whether the trail is as it was written: the server recomputes its chain, a press does it again. */
import { css, html, LitElement, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";

import { describeFailure } from "../../api/failure.ts";
import "../../components/button.ts";
import "../../components/dot.ts";
import type { Tone } from "../../components/dot.ts";
import { type Verification, verifyTrail } from "../../state/audit.ts";
import { base } from "../../styles/shared.ts";
import { formatCount, plural } from "../../text/format.ts";

type Finding = { kind: "checking" } | { kind: "failed"; why: string } | { kind: "done"; found: Verification };

@customElement("wr-chain")
export class Chain extends LitElement {
  static override styles = [
    base,
    css`
      :host {
        display: inline-block;
      }
    `,
  ];

  /** Asks for the check. */
  @property({ attribute: false }) verify: () => Promise<Verification> = verifyTrail;
  @state() private finding: Finding = { kind: "checking" };

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#check();
  }

  override render(): TemplateResult {
    const { tone, words, more } = this.#say();
    return html`<span role="status"
      ><wr-button small title=${more} @click=${() => void this.#check()}
        ><wr-dot tone=${tone}>${words}</wr-dot></wr-button
      ></span
    >`;
  }

  #say(): { tone: Tone; words: string; more: string } {
    const { finding } = this;
    if (finding.kind === "checking") return { tone: "busy", words: "Checking the chain…", more: "" };
    if (finding.kind === "failed") return { tone: "warn", words: "Chain not checked", more: finding.why };
    const { is_intact: isIntact, broken_seq: broken, rows } = finding.found;
    if (isIntact) {
      return {
        tone: "good",
        words: `Chain intact · ${plural(rows, "event")}`,
        more: "Each event carries the hash of the one before: none was changed or removed. Press to check again.",
      };
    }
    return {
      tone: "bad",
      words: `Chain broken at event ${formatCount(broken ?? 0)}`,
      more: "This event is not as it was written, or it is missing. Somebody changed the database itself.",
    };
  }

  async #check(): Promise<void> {
    this.finding = { kind: "checking" };
    try {
      this.finding = { kind: "done", found: await this.verify() };
    } catch (error) {
      this.finding = { kind: "failed", why: describeFailure(error) };
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-chain": Chain;
  }
}
