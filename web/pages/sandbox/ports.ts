/** Ports that programs in a sandbox listen on, and links that show one to whoever has the link. */
import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";

import { askValue } from "../../components/ask.ts";
import "../../components/button.ts";
import "../../components/copy.ts";
import "../../components/empty.ts";
import "../../components/icon.ts";
import "../../components/table.ts";
import type { Column } from "../../components/table-types.ts";
import "../../components/time.ts";
import { createPreview, type PreviewLink, readPorts, type SandboxPort } from "../../state/inspect.ts";
import { Reading } from "../../state/reading.ts";
import type { Sandbox } from "../../state/sandboxes.ts";
import { showFailure } from "../../state/toasts.ts";
import { base } from "../../styles/shared.ts";
import { renderAtRest } from "./at-rest.ts";
import { hasWoken } from "./woken.ts";

const TTL_SEC = 3600;
const MOST_PORT = 65_535;

const portProblem = (text: string): string =>
  /^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= MOST_PORT
    ? ""
    : `Type a number from 1 to ${MOST_PORT}.`;

@customElement("wr-sandbox-ports")
export class SandboxPorts extends LitElement {
  static override styles = [
    base,
    css`
      :host {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: var(--s3);
      }

      .bar {
        display: flex;
        flex-wrap: wrap;
        gap: var(--s2) var(--s3);
        align-items: center;
        justify-content: space-between;
        color: var(--ink-soft);
      }

      .buttons {
        display: flex;
        gap: var(--s2);
      }

      .link {
        display: grid;
        gap: var(--s2);
        padding: var(--s4);
        border: 1px solid var(--line);
        border-radius: var(--radius-l);
        background: var(--surface);
      }

      .link h2 {
        font-size: var(--text);
        font-weight: 600;
      }

      .link p {
        color: var(--ink-soft);
        font-size: var(--text-sm);
      }

      a.open {
        justify-self: start;
        font-weight: 500;
      }
    `,
  ];

  @property({ attribute: false }) sandbox: Sandbox | null = null;
  /** Made here, by port. */
  @state() private links: readonly PreviewLink[] = [];
  readonly #ports = new Reading(this, () => readPorts(this.sandbox?.id ?? ""));

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("sandbox") && hasWoken(changed.get("sandbox"), this.sandbox)) void this.#ports.read();
  }

  override render(): TemplateResult | typeof nothing {
    const { sandbox } = this;
    if (sandbox === null) return nothing;
    if (sandbox.status !== "running") return renderAtRest(sandbox, "Its ports");
    const { state, failure, value } = this.#ports;
    return html`<div class="bar">
        <p>A preview link opens one port to whoever has it, for an hour.</p>
        <div class="buttons">
          <wr-button small @click=${() => void this.#ports.read()}
            ><wr-icon name="refresh"></wr-icon>Refresh</wr-button
          >
          <wr-button small @click=${() => this.#askPort()}>Link for another port…</wr-button>
        </div>
      </div>
      ${this.links.map((link) => this.#renderLink(link))}
      <wr-table
        label="Ports"
        status=${state}
        failure=${failure}
        .columns=${this.#columns}
        .rows=${value ?? []}
        .keyOf=${({ port }: SandboxPort) => String(port)}
        @retry=${() => void this.#ports.read()}
      >
        <wr-empty
          slot="empty"
          icon="external"
          heading="Nothing listens"
          text="When a program in the sandbox listens on a port, it is listed here, and a link can show it to others."
        ></wr-empty>
      </wr-table>`;
  }

  readonly #columns: readonly Column<SandboxPort>[] = [
    {
      key: "port",
      label: "Port",
      width: "minmax(5rem, 1fr)",
      narrow: "title",
      render: ({ port }) => port,
      sortBy: ({ port }) => port,
    },
    {
      key: "link",
      label: "Preview",
      width: "minmax(9rem, auto)",
      narrow: "aside",
      render: ({ port }) =>
        html`<wr-button
          small
          label="Preview link to port ${port}"
          @click=${() => void this.#link(port).catch(showFailure)}
          >Preview link</wr-button
        >`,
    },
  ];

  #renderLink({ port, url, expires_at: until }: PreviewLink): TemplateResult {
    return html`<section class="link" aria-label="Link to port ${port}">
      <h2>Port ${port}</h2>
      <wr-copy label="link to port ${port}" value=${url}></wr-copy>
      <a class="open" href=${url} target="_blank" rel="noopener noreferrer">Open in a new window</a>
      <p>Good for another <wr-time form="left" value=${until}></wr-time>.</p>
    </section>`;
  }

  #askPort(): void {
    askValue({
      heading: "Preview a port",
      label: "Port",
      type: "number",
      hint: "Of a program that listens in the sandbox, or will soon.",
      action: "Create link",
      check: portProblem,
      run: (text) => this.#link(Number(text)),
    });
  }

  async #link(port: number): Promise<void> {
    const link = await createPreview(this.sandbox?.id ?? "", port, TTL_SEC);
    this.links = [link, ...this.links.filter((one) => one.port !== port)];
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-sandbox-ports": SandboxPorts;
  }
}
