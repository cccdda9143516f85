/** What was started in a sandbox through the API or from here, and still runs. */
import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";

import "../../components/button.ts";
import { askConfirm } from "../../components/confirm.ts";
import "../../components/empty.ts";
import "../../components/icon.ts";
import "../../components/table.ts";
import type { Column, RowActions } from "../../components/table-types.ts";
import { noteQuery } from "../../router.ts";
import { killProcess, readProcesses, type SandboxProcess } from "../../state/inspect.ts";
import { Reading } from "../../state/reading.ts";
import type { Sandbox } from "../../state/sandboxes.ts";
import { showFailure, showToast } from "../../state/toasts.ts";
import { base } from "../../styles/shared.ts";
import { renderAtRest } from "./at-rest.ts";
import { hasWoken } from "./woken.ts";

const lineOf = ({ cmd, args }: SandboxProcess): string => [cmd, ...args].join(" ");

/** Between looks at whether a killed process is gone. */
const GONE_WAITS_MS = [100, 250, 500, 1_000, 2_000, 0];

const COLUMNS: readonly Column<SandboxProcess>[] = [
  {
    key: "pid",
    label: "Process",
    width: "5.5rem",
    narrow: "aside",
    render: ({ pid }) => pid,
    sortBy: ({ pid }) => pid,
  },
  {
    key: "command",
    label: "Command",
    width: "minmax(10rem, 4fr)",
    narrow: "title",
    render: (process) => html`<code title=${lineOf(process)}>${lineOf(process)}</code>`,
    sortBy: lineOf,
  },
  {
    key: "tag",
    label: "Tag",
    width: "minmax(6rem, 1fr)",
    narrow: "details",
    render: ({ tag }) => html`<span title=${tag ?? ""}>${tag ?? "–"}</span>`,
    sortBy: ({ tag }) => tag ?? "",
  },
];

@customElement("wr-sandbox-processes")
export class SandboxProcesses extends LitElement {
  static override styles = [
    base,
    css`
      .bar {
        display: flex;
        gap: var(--s3);
        align-items: center;
        justify-content: space-between;
        margin-bottom: var(--s3);
        color: var(--ink-soft);
      }
    `,
  ];

  @property({ attribute: false }) sandbox: Sandbox | null = null;
  readonly #processes = new Reading(this, () => readProcesses(this.sandbox?.id ?? ""));

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("sandbox") && hasWoken(changed.get("sandbox"), this.sandbox)) void this.#processes.read();
  }

  override render(): TemplateResult | typeof nothing {
    const { sandbox } = this;
    if (sandbox === null) return nothing;
    if (sandbox.status !== "running") return renderAtRest(sandbox, "Its processes");
    const { state, failure, value } = this.#processes;
    return html`<div class="bar">
        <p>Started through the API or from the terminal here, and still running.</p>
        <wr-button small @click=${() => void this.#processes.read()}
          ><wr-icon name="refresh"></wr-icon>Refresh</wr-button
        >
      </div>
      <wr-table
        label="Processes"
        status=${state}
        failure=${failure}
        .columns=${COLUMNS}
        .rows=${value ?? []}
        .keyOf=${({ pid }: SandboxProcess) => String(pid)}
        .actions=${this.#actions}
        @retry=${() => void this.#processes.read()}
      >
        <wr-empty
          slot="empty"
          icon="list"
          heading="Nothing was started"
          text="Commands that run in the background, and shells, are listed here."
        >
          <wr-button @click=${() => noteQuery({ tab: "terminal" })}>Open a terminal</wr-button>
        </wr-empty>
      </wr-table>`;
  }

  readonly #actions: RowActions<SandboxProcess> = {
    nameOf: ({ pid }) => `process ${pid}`,
    entries: (process) => [
      { label: "Kill…", icon: "close", danger: true, run: () => void this.#kill(process) },
    ],
  };

  async #kill(process: SandboxProcess): Promise<void> {
    const { pid } = process;
    const agreed = await askConfirm({
      heading: `Kill process ${pid}?`,
      text: "It is ended at once, with the processes it started. What it has not written down is lost.",
      ends: [lineOf(process)],
      action: "Kill process",
    });
    if (!agreed) return;
    try {
      await killProcess(this.sandbox?.id ?? "", pid);
      showToast(`Process ${pid} is killed.`);
    } catch (error) {
      showFailure(error);
    }
    await this.#readUntilGone(pid);
  }

  /** A killed process is listed until the guest has seen its end, which takes a moment. */
  async #readUntilGone(pid: number): Promise<void> {
    for (const waitMs of GONE_WAITS_MS) {
      await this.#processes.read();
      if (!this.isConnected || this.#processes.value?.some((one) => one.pid === pid) !== true) return;
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-sandbox-processes": SandboxProcesses;
  }
}
