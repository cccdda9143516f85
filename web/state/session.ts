/**
 * Who is signed in. The token lives in this module's memory alone; what survives a reload is the refresh
 * cookie, which scripts cannot read, and the tab's team.
 */
import { ApiFailure } from "../api/failure.ts";
import type { Answer, Body } from "../api/routes.ts";
import { send } from "../api/send.ts";
import { Store } from "./store.ts";

type Auth = Answer<"POST /v1/auth/login">;

export interface Person {
  userId: string;
  teamId: string | null;
  email: string;
  name: string;
  role: Auth["role"];
  isAdmin: boolean;
}

export type SessionState =
  /** Not asked yet. */
  | { kind: "starting" }
  /** The server did not answer whether there is a session. */
  | { kind: "unknown"; failure: ApiFailure }
  | { kind: "out" }
  | { kind: "in"; person: Person };

const TEAM_KEY = "wrenn.team";

export class Session {
  readonly state = new Store<SessionState>({ kind: "starting" });
  #token: string | null = null;
  #renewing: Promise<boolean> | null = null;
  readonly #tabs = new BroadcastChannel("wrenn.session");

  constructor() {
    // Who signs out in one tab does not expect to find another one open.
    this.#tabs.addEventListener("message", () => this.#leave());
  }

  get token(): string | null {
    return this.#token;
  }

  get person(): Person | null {
    const { value } = this.state;
    return value.kind === "in" ? value.person : null;
  }

  /** Goes on with the session of an earlier visit, where there is one. */
  async start(): Promise<void> {
    await this.renew().catch((error: unknown) => {
      if (error instanceof ApiFailure) this.state.set({ kind: "unknown", failure: error });
      else throw error;
    });
  }

  /** A new token for the same session; false when that has ended. Asked for at once, it is asked once. */
  renew(): Promise<boolean> {
    this.#renewing ??= this.#refresh().finally(() => {
      this.#renewing = null;
    });
    return this.#renewing;
  }

  async logIn(body: Body<"POST /v1/auth/login">): Promise<void> {
    this.#enter(await send("POST /v1/auth/login", { body }));
  }

  async signUp(body: Body<"POST /v1/auth/signup">): Promise<void> {
    this.#enter(await send("POST /v1/auth/signup", { body }));
  }

  async switchTeam(teamId: string): Promise<void> {
    const ask = () =>
      send("POST /v1/auth/switch-team", {
        body: { team_id: teamId },
        headers: { authorization: `Bearer ${this.#token}` },
      });
    const answer = await ask().catch(async (error: unknown) => {
      if (!(error instanceof ApiFailure) || error.status !== 401 || !(await this.renew())) throw error;
      return ask();
    });
    this.#enter(answer);
  }

  /** Out here at once; whether the server heard it, the cookie's end tells. */
  async logOut(): Promise<void> {
    await send("POST /v1/auth/logout").catch((error: unknown) => {
      if (!(error instanceof ApiFailure)) throw error;
    });
    this.#leave();
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel is within the origin
    this.#tabs.postMessage("out");
  }

  async #refresh(): Promise<boolean> {
    const teamId = sessionStorage.getItem(TEAM_KEY);
    try {
      this.#enter(await send("POST /v1/auth/refresh", { body: teamId === null ? {} : { team_id: teamId } }));
      return true;
    } catch (error) {
      if (!(error instanceof ApiFailure) || (error.status !== 401 && error.status !== 403)) throw error;
      this.#leave();
      return false;
    }
  }

  #enter(auth: Auth): void {
    this.#token = auth.token;
    if (auth.team_id === null) sessionStorage.removeItem(TEAM_KEY);
    else sessionStorage.setItem(TEAM_KEY, auth.team_id);
    this.state.set({
      kind: "in",
      person: {
        userId: auth.user_id,
        teamId: auth.team_id,
        email: auth.email,
        name: auth.name,
        role: auth.role,
        isAdmin: auth.is_admin,
      },
    });
  }

  #leave(): void {
    this.#token = null;
    this.state.set({ kind: "out" });
  }
}

export const session = new Session();
