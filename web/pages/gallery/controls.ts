/** What is pressed, typed into and chosen from. */
import { html } from "lit";

import "../../components/button.ts";
import "../../components/check.ts";
import "../../components/chips.ts";
import "../../components/combobox.ts";
import "../../components/field.ts";
import "../../components/icon.ts";
import { type IconName, ICONS } from "../../components/icons.ts";
import "../../components/inline-edit.ts";
import "../../components/menu.ts";
import type { MenuEntry } from "../../components/menu.ts";
import "../../components/pairs.ts";
import type { Pair } from "../../components/pairs.ts";
import "../../components/search.ts";
import "../../components/select.ts";
import "../../components/tabs.ts";
import type { Exhibit } from "./exhibit.ts";

const OPTIONS = ["minimal", "python-3.13", "node-22", "a-snapshot-of-mine"].map((name, index) => ({
  value: name,
  label: name,
  hint: index < 3 ? "of the platform" : "snapshot",
}));

const ENTRIES: readonly MenuEntry[] = [
  { label: "Pause", icon: "pause", run: () => {} },
  { label: "Fork…", icon: "fork", reason: "It has ended.", run: () => {} },
  "line",
  { label: "Delete…", icon: "trash", danger: true, run: () => {} },
];

const PAIRS: readonly Pair[] = [["purpose", "nightly build"]];

export const CONTROLS: readonly Exhibit[] = [
  {
    name: "Button",
    states: [
      html`<wr-button kind="primary">Primary</wr-button>`,
      html`<wr-button>Plain</wr-button>`,
      html`<wr-button kind="quiet">Quiet</wr-button>`,
      html`<wr-button kind="danger">Danger</wr-button>`,
      html`<wr-button kind="primary" busy>Busy</wr-button>`,
      html`<wr-button disabled>Disabled</wr-button>`,
      html`<wr-button reason="Create a team first.">With a reason</wr-button>`,
      html`<wr-button small>Small</wr-button>`,
      html`<wr-button href="/dev/gallery">Link</wr-button>`,
      html`<wr-button kind="quiet" label="Delete"><wr-icon name="trash"></wr-icon></wr-button>`,
    ],
  },
  {
    name: "Icon",
    states: (Object.keys(ICONS) as IconName[]).map(
      (name) => html`<wr-icon name=${name} title=${name}></wr-icon>`,
    ),
  },
  {
    name: "Field",
    isWide: true,
    states: [
      html`<wr-field label="Name" value="Ada Lovelace"></wr-field>`,
      html`<wr-field label="Name" optional placeholder="ada" hint="Your team sees it."></wr-field>`,
      html`<wr-field
        label="E-mail"
        value="ada@"
        error="Type an e-mail address, as ada@example.com."
      ></wr-field>`,
      html`<wr-field label="Slug" value="a1b2c3" disabled></wr-field>`,
    ],
  },
  {
    name: "Select and combobox",
    isWide: true,
    states: [
      html`<wr-select
        label="Role"
        value="member"
        .choices=${["admin", "member"].map((word) => ({ value: word, label: word }))}
      ></wr-select>`,
      html`<wr-combobox label="Template" value="minimal" .options=${OPTIONS}></wr-combobox>`,
      html`<wr-combobox
        label="Template"
        value="gone"
        error="No template is called that."
        .options=${OPTIONS}
      ></wr-combobox>`,
    ],
  },
  {
    name: "Check and inline edit",
    isWide: true,
    states: [
      html`<wr-check label="Read" hint="Look at sandboxes, templates and metrics." checked></wr-check>`,
      html`<wr-check label="Templates"></wr-check>`,
      html`<wr-inline-edit label="Team name" value="Engines"></wr-inline-edit>`,
      html`<wr-inline-edit
        label="Team name"
        value="Compilers"
        reason="Only an owner or admin may."
      ></wr-inline-edit>`,
    ],
  },
  {
    name: "Search, chips, pairs",
    isWide: true,
    states: [
      html`<wr-search placeholder="Search by id"></wr-search>`,
      html`<wr-chips
        label="Status"
        .chosen=${["a"]}
        .chips=${[
          { value: "a", label: "Running", count: 12 },
          { value: "b", label: "Paused", count: 3 },
          { value: "c", label: "Ended" },
        ]}
      ></wr-chips>`,
      html`<wr-pairs label="Metadata" .pairs=${PAIRS}></wr-pairs>`,
    ],
  },
  {
    name: "Menu",
    states: [
      html`<wr-menu kind="plain" label="Actions" .entries=${ENTRIES}
        >Actions<wr-icon name="down"></wr-icon
      ></wr-menu>`,
      html`<wr-menu label="More" .entries=${ENTRIES}><wr-icon name="more"></wr-icon></wr-menu>`,
    ],
  },
  {
    name: "Tabs",
    isWide: true,
    states: [
      html`<wr-tabs
        label="Hosts"
        chosen="platform"
        .tabs=${[
          { value: "platform", label: "Platform", count: 2 },
          { value: "byoc", label: "BYOC", count: 14 },
        ]}
      ></wr-tabs>`,
    ],
  },
];
