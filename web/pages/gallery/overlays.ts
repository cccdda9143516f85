/** What comes above the page. */
import { html } from "lit";

import { askValue } from "../../components/ask.ts";
import "../../components/button.ts";
import { askConfirm } from "../../components/confirm.ts";
import { showToast } from "../../state/toasts.ts";
import type { Exhibit } from "./exhibit.ts";

const confirmOne = (): void =>
  void askConfirm({
    heading: "Delete sb-3ded3c1f?",
    text: "What runs is ended and its disk is gone for good.",
    ends: ["sb-3ded3c1f from minimal, with all that runs in it"],
    action: "Delete sandbox",
  });

const confirmTyped = (): void =>
  void askConfirm({
    heading: "Delete the team Engines?",
    text: "All that belongs to it goes with it.",
    ends: ["12 sandboxes", "3 snapshots", "2 API keys"],
    action: "Delete team",
    typed: "Engines",
  });

const ask = (): void =>
  askValue({
    heading: "Create a team",
    label: "Name",
    action: "Create team",
    check: (name) => (name === "" ? "Give the team a name." : ""),
    run: async () => {},
  });

export const OVERLAYS: readonly Exhibit[] = [
  {
    name: "Dialogs",
    states: [
      html`<wr-button @click=${confirmOne}>Confirm</wr-button>`,
      html`<wr-button @click=${confirmTyped}>Confirm by typing</wr-button>`,
      html`<wr-button @click=${ask}>Ask</wr-button>`,
    ],
  },
  {
    name: "Toasts",
    states: [
      html`<wr-button @click=${() => showToast("2 sandboxes paused.")}>Done</wr-button>`,
      html`<wr-button @click=${() => showToast("The database is away.", { kind: "failed" })}
        >Failed</wr-button
      >`,
      html`<wr-button
        @click=${() => showToast("sb-3ded3c1f is running.", { action: { label: "Open", run: () => {} } })}
        >With an action</wr-button
      >`,
      html`<wr-button @click=${() => showToast("You are in no team: create one.", { kind: "hint" })}
        >Hint</wr-button
      >`,
    ],
  },
];
