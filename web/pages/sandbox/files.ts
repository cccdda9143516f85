/** The files of a sandbox: the tree, the directory one is in, and a look into a file. */
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";

import { ApiFailure, describeFailure } from "../../api/failure.ts";
import "../../components/button.ts";
import "../../components/empty.ts";
import "../../components/icon.ts";
import type { MenuEntry } from "../../components/menu.ts";
import "../../components/table.ts";
import type { RowActions } from "../../components/table-types.ts";
import { navigate, noteQuery, place } from "../../router.ts";
import { type FileEntry, HOME_PATH, listFiles } from "../../state/files.ts";
import type { Sandbox } from "../../state/sandboxes.ts";
import { transfers } from "../../state/transfers.ts";
import { Watch } from "../../state/watch.ts";
import { base } from "../../styles/shared.ts";
import { cleanPath, join, nameOf, parentOf, wayTo } from "../../text/paths.ts";
import { renderAtRest } from "./at-rest.ts";
import { askDelete, askNewFolder, askRename, download, upload } from "./files/actions.ts";
import { directoryHref } from "./files/address.ts";
import { entryHref, FILE_COLUMNS } from "./files/columns.ts";
import "./files/preview.ts";
import { filesStyles } from "./files/styles.ts";
import "./files/transfer-list.ts";
import "./files/tree.ts";

@customElement("wr-sandbox-files")
export class SandboxFiles extends LitElement {
  static override styles = [base, filesStyles];

  @property({ attribute: false }) sandbox: Sandbox | null = null;

  /** Null while it is read. */
  @state() private entries: readonly FileEntry[] | null = null;
  @state() private failure: unknown = null;
  @state() private version = 0;
  @state() private isDropping = false;
  @query("input[type=file]") private picker!: HTMLInputElement;
  readonly #place = new Watch(this, place);
  readonly #transfers = new Watch(this, transfers);
  #shown = "";
  #reading: AbortController | null = null;
  /** Uploads that were done when it was last looked. */
  #uploaded = 0;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#reading?.abort();
  }

  override willUpdate(changed: PropertyValues<this>): void {
    const isRunning = this.sandbox?.status === "running";
    const before = changed.get("sandbox");
    const hasWoken = changed.has("sandbox") && before?.status !== "running";
    if (isRunning && (hasWoken || this.#shown !== this.#path)) {
      if (this.#shown !== this.#path) this.entries = null;
      this.#shown = this.#path;
      void this.#read();
    }
    const uploaded = this.#transfers.value.filter(
      (one) => one.kind === "upload" && one.state === "done",
    ).length;
    if (uploaded > this.#uploaded && isRunning) void this.#read();
    this.#uploaded = uploaded;
  }

  override render(): TemplateResult | typeof nothing {
    const { sandbox } = this;
    if (sandbox === null) return nothing;
    if (sandbox.status !== "running") return renderAtRest(sandbox, "Its files");
    return html`<div
      class="frame ${this.isDropping ? "dropping" : ""}"
      @dragover=${this.#dragOver}
      @dragleave=${this.#dragLeave}
      @drop=${this.#drop}
    >
      ${this.#renderBar(sandbox)}
      <wr-transfer-list sandboxId=${sandbox.id}></wr-transfer-list>
      <div class="two">
        <wr-file-tree
          sandboxId=${sandbox.id}
          path=${this.#path}
          version=${this.version}
          @choose=${(event: CustomEvent<string>) => navigate(directoryHref(event.detail))}
        ></wr-file-tree>
        <div class="main">${this.#renderPreview(sandbox)} ${this.#renderList()}</div>
      </div>
      <div class="drop" aria-hidden="true">Drop files to upload them to ${this.#path}</div>
    </div>`;
  }

  #renderBar(sandbox: Sandbox): TemplateResult {
    const way = wayTo(this.#path);
    return html`<div class="bar">
      <nav aria-label="Where you are">
        <ol>
          ${way.map(
            (path, index) =>
              html`<li>
                <a href=${directoryHref(path)} aria-current=${index === way.length - 1 ? "location" : "false"}
                  >${path === "/" ? "root" : nameOf(path)}</a
                >
              </li>`,
          )}
        </ol>
      </nav>
      <div class="buttons">
        <wr-button small kind="quiet" label="Read it again" @click=${() => this.#changed()}
          ><wr-icon name="refresh"></wr-icon
        ></wr-button>
        <wr-button small @click=${() => askNewFolder(sandbox.id, this.#path, () => this.#changed())}
          >New folder</wr-button
        >
        <wr-button small kind="primary" @click=${() => this.picker.click()}
          ><wr-icon name="upload"></wr-icon>Upload</wr-button
        >
        <input type="file" multiple hidden aria-label="Files to upload" @change=${this.#picked} />
      </div>
    </div>`;
  }

  #renderPreview(sandbox: Sandbox): TemplateResult | typeof nothing {
    const file = this.#place.value.query.get("file");
    if (file === null || file === "") return nothing;
    const path = join(this.#path, file);
    const entry = this.entries?.find((one) => one.path === path) ?? null;
    return html`<wr-file-preview
      sandboxId=${sandbox.id}
      path=${path}
      .entry=${entry}
      @close=${() => noteQuery({ file: null })}
      @download=${() => download(sandbox.id, entry ?? { path, size: 0 })}
    ></wr-file-preview>`;
  }

  #renderList(): TemplateResult {
    const { entries, failure } = this;
    const status = failure !== null ? "failed" : entries === null ? "loading" : "ready";
    return html`<wr-table
      label="Files in ${this.#path}"
      status=${status}
      failure=${failure === null ? "" : describeFailure(failure)}
      .columns=${FILE_COLUMNS}
      .rows=${entries ?? []}
      .keyOf=${({ path }: FileEntry) => path}
      .actions=${this.#actions}
      @retry=${() => void this.#read()}
    >
      <wr-empty
        slot="empty"
        icon="folder"
        heading="This folder is empty"
        text="Drop files here, or pick them."
      >
        <wr-button @click=${() => this.picker.click()}>Upload files</wr-button>
      </wr-empty>
    </wr-table>`;
  }

  readonly #actions: RowActions<FileEntry> = {
    nameOf: ({ name }) => name,
    href: entryHref,
    entries: (entry) => this.#entriesFor(entry),
  };

  #entriesFor(entry: FileEntry): readonly MenuEntry[] {
    const id = this.sandbox?.id ?? "";
    const done = (): void => this.#changed();
    return [
      {
        label: "Open",
        icon: entry.type === "directory" ? "folder" : "file",
        run: () => navigate(entryHref(entry)),
      },
      ...(entry.type === "file"
        ? [{ label: "Download", icon: "download", run: () => download(id, entry) } as const]
        : []),
      { label: "Rename…", icon: "settings", run: () => askRename(id, entry, done) },
      "line",
      { label: "Delete…", icon: "trash", danger: true, run: () => void askDelete(id, entry, done) },
    ];
  }

  get #path(): string {
    return cleanPath(this.#place.value.query.get("path") ?? HOME_PATH);
  }

  #changed(): void {
    this.version += 1;
    void this.#read();
  }

  async #read(): Promise<void> {
    const { sandbox } = this;
    if (sandbox === null) return;
    this.#reading?.abort();
    const reading = new AbortController();
    this.#reading = reading;
    const path = this.#path;
    try {
      const entries = await listFiles(sandbox.id, path, reading.signal);
      if (reading.signal.aborted) return;
      this.entries = entries;
      this.failure = null;
    } catch (error) {
      if (reading.signal.aborted) return;
      // A link, or an address typed by hand, may lead to a file.
      const isFile = error instanceof ApiFailure && error.status === 400 && path !== "/";
      if (isFile && this.#place.value.query.get("tab") === "files") {
        noteQuery({ path: parentOf(path), file: nameOf(path) });
      } else this.failure = error;
    }
  }

  #send(files: readonly File[]): void {
    if (this.sandbox === null || files.length === 0) return;
    void upload(this.sandbox.id, { directory: this.#path, files, entries: this.entries ?? [] });
  }

  #picked(): void {
    this.#send([...(this.picker.files ?? [])]);
    // The same file may be picked again.
    this.picker.value = "";
  }

  #dragOver(event: DragEvent): void {
    if (event.dataTransfer?.types.includes("Files") !== true) return;
    event.preventDefault();
    this.isDropping = true;
  }

  #dragLeave(event: DragEvent): void {
    const isInside = event.relatedTarget instanceof Node && this.renderRoot.contains(event.relatedTarget);
    if (!isInside) this.isDropping = false;
  }

  #drop(event: DragEvent): void {
    event.preventDefault();
    this.isDropping = false;
    // A folder comes as something without bytes; folders are made here.
    const items = [...(event.dataTransfer?.items ?? [])];
    const files = items.filter((item) => item.webkitGetAsEntry()?.isDirectory !== true);
    this.#send(files.flatMap((item) => item.getAsFile() ?? []));
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-sandbox-files": SandboxFiles;
  }
}
