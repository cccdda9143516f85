/** /dashboard/templates: what sandboxes start from, the team's and the platform's. */
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";

import { ListSearch } from "../app/list-search.ts";
import "../app/no-team.ts";
import "../components/chips.ts";
import type { Chip, Chips } from "../components/chips.ts";
import "../components/empty.ts";
import "../components/table.ts";
import type { RowActions } from "../components/table-types.ts";
import { noteQuery } from "../router.ts";
import { FollowList } from "../state/follow-list.ts";
import { liveSandboxes } from "../state/sandboxes.ts";
import { session } from "../state/session.ts";
import { type Template, templates } from "../state/templates.ts";
import { base, page } from "../styles/shared.ts";
import { countShown } from "../text/format.ts";
import "./sandboxes/launch.ts";
import { entriesFor } from "./templates/actions.ts";
import { ownerLabel, templateColumns, typeLabel } from "./templates/columns.ts";
import "./templates/use.ts";

const TYPES: readonly { value: Template["type"]; label: string }[] = [
  { value: "base", label: "Templates" },
  { value: "snapshot", label: "Snapshots" },
];

@customElement("wr-templates-page")
export class TemplatesPage extends LitElement {
  static override styles = [base, page];

  /** Names; empty: none. */
  @state() private launched = "";
  @state() private used = "";
  readonly #search = new ListSearch(
    this,
    { label: "Search templates", placeholder: "Search by name", nothing: "No template is like that." },
    ["type"],
  );
  readonly #hasTeam = session.person?.teamId !== null;
  readonly #templates = new FollowList(this, templates, this.#hasTeam);
  /** What depends on each. */
  readonly #sandboxes = new FollowList(this, liveSandboxes, this.#hasTeam);
  readonly #columns = templateColumns(({ name }) => {
    this.used = name;
  });

  override render(): TemplateResult {
    return html`<div class="head">
        <div>
          <h1>Templates</h1>
          <p>${this.#renderLead()}</p>
        </div>
      </div>
      ${this.#hasTeam ? this.#renderList() : html`<wr-no-team text="Snapshots belong to a team."></wr-no-team>`}
      ${this.#renderDialogs()}`;
  }

  #renderLead(): string {
    const all = this.#templates.items.length;
    if (all === 0) return "What sandboxes start from.";
    return `${countShown(this.#rows.length, all)} ${all === 1 ? "template" : "templates"} of your team and the platform`;
  }

  #renderList(): TemplateResult {
    const { state } = this.#templates;
    return html`<div class="bar">
        ${this.#search.renderField()}
        <wr-chips
          label="Type"
          .chips=${this.#chips}
          .chosen=${this.#search.chosen("type")}
          @change=${(event: Event) => noteQuery({ type: (event.currentTarget as Chips).chosen.join(",") })}
        ></wr-chips>
      </div>
      <wr-table
        label="Templates"
        status=${state.kind}
        failure=${state.kind === "failed" ? state.failure.message : ""}
        ?filtered=${this.#search.isNarrowed}
        .columns=${this.#columns}
        .rows=${this.#rows}
        .keyOf=${({ id }: Template) => id}
        .actions=${this.#actions}
        @retry=${() => void templates.reload()}
      >
        <wr-empty
          slot="empty"
          icon="template"
          heading="No template yet"
          text="The first host builds one called minimal when it joins. Any sandbox can be made into a snapshot, and others start from that."
        ></wr-empty>
        ${this.#search.renderNothing()}
      </wr-table>`;
  }

  #renderDialogs(): TemplateResult {
    return html`${
      this.launched === ""
        ? nothing
        : html`<wr-launch-sandbox
            template=${this.launched}
            @close=${() => {
              this.launched = "";
            }}
          ></wr-launch-sandbox>`
    }
    ${
      this.used === ""
        ? nothing
        : html`<wr-use-template
            template=${this.used}
            @close=${() => {
              this.used = "";
            }}
          ></wr-use-template>`
    }`;
  }

  readonly #actions: RowActions<Template> = {
    nameOf: ({ name }) => name,
    entries: (template) =>
      entriesFor(template, {
        launch: ({ name }) => {
          this.launched = name;
        },
        use: ({ name }) => {
          this.used = name;
        },
        usersOf: ({ name }) => this.#sandboxes.items.filter((sandbox) => sandbox.template === name),
      }),
  };

  get #chips(): readonly Chip[] {
    return TYPES.map(({ value, label }) => {
      const count = this.#templates.items.filter(({ type }) => type === value).length;
      return { value, label, count };
    });
  }

  get #rows(): readonly Template[] {
    const types = this.#search.chosen("type");
    const { items } = this.#templates;
    const ofType = types.length === 0 ? items : items.filter(({ type }) => types.includes(type));
    return this.#search.found(ofType, (template) => [
      template.name,
      template.id,
      typeLabel(template),
      ownerLabel(template),
    ]);
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-templates-page": TemplatesPage;
  }
}
