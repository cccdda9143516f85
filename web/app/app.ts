/**
 * The root: decides by session and address what is on the screen. Who is not signed in sees the entry pages and
 * comes back to where they were going; who is sees the shell with the page in it.
 */
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { keyed } from "lit/directives/keyed.js";

import "../components/button.ts";
import "../components/empty.ts";
import "../components/toasts.ts";
import { navigate, type Place, place } from "../router.ts";
import { findRoute, HOME, type Route } from "../routes.ts";
import { adminEvents, type LiveChange, liveEvents } from "../state/events.ts";
import { session, type SessionState } from "../state/session.ts";
import { loadTeams, resetTeams } from "../state/teams.ts";
import { Watch } from "../state/watch.ts";
import { base } from "../styles/shared.ts";
import { placeForError, takeLinkingPlace } from "./linking.ts";
import { nextPlace } from "./next-place.ts";
import "./page-frame.ts";
import "./shell.ts";

// Above the class: the element is in the page already, and begins to live while this module is read.
/** Names, roles and memberships stand in the list of teams. */
const followTeams = ({ kind, id }: LiveChange): void => {
  if (kind !== "member" || id === session.person?.userId) void loadTeams();
};

@customElement("wr-app")
export class App extends LitElement {
  static override styles = [
    base,
    css`
      .alone {
        display: grid;
        place-items: center;
        min-height: 100dvh;
      }
    `,
  ];

  readonly #session = new Watch(this, session.state);
  readonly #place = new Watch(this, place);
  readonly #isAdminFollowed = new Watch(this, adminEvents.isFollowed);
  @state() private isStarting = true;
  #signedInAs: string | null = null;

  constructor() {
    super();
    session.state.subscribe((value) => this.#follow(value));
    liveEvents.follow({
      kinds: ["team", "teams", "member"],
      changed: followTeams,
      missed: () => void loadTeams(),
    });
    void this.#start();
  }

  override willUpdate(): void {
    if (!this.isStarting) this.#redirect(this.#session.value, this.#place.value);
  }

  override updated(): void {
    // Also on pages of the dashboard that show platform admins something of the platform.
    const isWanted = findRoute(this.#place.value.path)?.route.area === "admin" || this.#isAdminFollowed.value;
    const { person } = session;
    if (!isWanted || person?.isAdmin !== true) adminEvents.stop();
    else if (adminEvents.connection.value === "off") adminEvents.start(person.userId);
  }

  override render(): TemplateResult | typeof nothing {
    const { value } = this.#session;
    if (this.isStarting || value.kind === "starting") return nothing;
    return html`${value.kind === "unknown" ? this.#renderUnknown(value.failure.message) : this.#renderPlace(value)}
      <wr-toasts></wr-toasts>`;
  }

  async #start(): Promise<void> {
    await session.start();
    this.isStarting = false;
  }

  #renderUnknown(why: string): TemplateResult {
    return html`<main class="alone">
      <wr-empty alone icon="alert" tone="bad" heading="Wrenn does not answer" text=${why}>
        <wr-button @click=${() => void session.start()}>Try again</wr-button>
      </wr-empty>
    </main>`;
  }

  #renderPlace(value: SessionState): TemplateResult | typeof nothing {
    const found = findRoute(this.#place.value.path);
    if (found !== null && (found.route.area === "entry" || found.route.area === "dev")) {
      return html`<wr-page-frame .route=${found.route} .params=${found.params}></wr-page-frame>`;
    }
    if (value.kind !== "in") return nothing;
    // Another team or person is another page: nothing of the last one stays.
    return keyed(
      `${value.person.userId} ${value.person.teamId}`,
      html`<wr-shell .route=${found?.route ?? null} .params=${found?.params ?? {}}></wr-shell>`,
    ) as TemplateResult;
  }

  /** Who may not be here is sent on; the address says where they are afterwards. */
  #redirect(value: SessionState, { path, query }: Place): void {
    const area: Route["area"] = findRoute(path)?.route.area ?? "dashboard";
    if (area === "dev") return;
    const to = ((): string | null => {
      if (value.kind === "out" && area !== "entry") {
        const from = `${location.pathname}${location.search}`;
        return path === "/" ? "/login" : `/login?${new URLSearchParams({ next: from })}`;
      }
      if (value.kind !== "in") return null;
      if (area === "entry") return this.#leaveEntry(query);
      if (area === "admin" && !value.person.isAdmin) return HOME;
      return path === "/" || path === "/dashboard" ? (takeLinkingPlace() ?? HOME) : null;
    })();
    if (to !== null) navigate(to, { replace: true });
  }

  /** Who is signed in comes to the login page with an error only from connecting a login. */
  #leaveEntry(query: URLSearchParams): string {
    const error = query.get("error");
    return error === null ? nextPlace(query.get("next")) : placeForError(error);
  }

  /** At each sign-in and change of team: teams are read anew, events follow the new team. */
  #follow(value: SessionState): void {
    const who = value.kind === "in" ? `${value.person.userId} ${value.person.teamId}` : null;
    if (who === this.#signedInAs) return;
    const isOther = who?.split(" ")[0] !== this.#signedInAs?.split(" ")[0];
    this.#signedInAs = who;
    if (isOther) resetTeams();
    if (who === null) {
      // Questions about what the person may not see any more.
      for (const dialog of document.querySelectorAll("wr-ask, wr-confirm")) dialog.remove();
      adminEvents.stop();
      return liveEvents.stop();
    }
    void loadTeams();
    // Without a team nothing changes but the teams, and those somebody else changes.
    if (value.kind === "in" && value.person.teamId !== null) liveEvents.start(who);
    else liveEvents.stop();
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-app": App;
  }
}
