/**
 * A team's first sandbox: whether it is still to come, and its launch. While it starts its page stays, whatever the
 * list says meanwhile.
 */
import type { LitElement, ReactiveController } from "lit";

import { navigate } from "../../router.ts";
import { FollowList } from "../../state/follow-list.ts";
import { createSandbox, liveSandboxes, type Sandbox, stoppedSandboxes } from "../../state/sandboxes.ts";
import { terminalHref } from "../sandboxes/columns.ts";
import { FIRST_ONE } from "../sandboxes/launch-choices.ts";

export class FirstLaunch implements ReactiveController {
  isBusy = false;
  /** Why the last try did not work. */
  failure: unknown = null;
  readonly #live: FollowList<Sandbox>;
  readonly #stopped: FollowList<Sandbox>;
  #hadOne = false;

  /** @param host of one team for as long as it lives */
  constructor(private readonly host: LitElement) {
    this.#live = new FollowList(host, liveSandboxes);
    this.#stopped = new FollowList(host, stoppedSandboxes, false);
    host.addController(this);
  }

  hostUpdate(): void {
    const { state, items } = this.#live;
    // One that is being made may yet fail.
    this.#hadOne ||= items.some(({ status }) => status !== "pending");
    this.#stopped.follow(state.kind === "ready" && !this.#hadOne);
  }

  /** No sandbox of the team ever ran, as far as rows tell: ended ones go after a month. */
  get isDue(): boolean {
    if (this.isBusy) return true;
    const { state, items } = this.#stopped;
    return !this.#hadOne && state.kind === "ready" && items.length === 0;
  }

  /** Not known yet. */
  get isOpen(): boolean {
    return !this.#hadOne && this.#live.state.kind === "ready" && this.#stopped.state.kind === "loading";
  }

  /** With what everybody gets who chooses nothing, and on into its terminal. */
  async launch(): Promise<void> {
    if (this.isBusy) return;
    this.#set(true, null);
    try {
      const sandbox = await createSandbox(FIRST_ONE);
      // Who went elsewhere meanwhile stays there.
      if (this.host.isConnected) navigate(terminalHref(sandbox));
      this.#set(false, null);
    } catch (error) {
      this.#set(false, error);
    }
  }

  #set(isBusy: boolean, failure: unknown): void {
    this.isBusy = isBusy;
    this.failure = failure;
    this.host.requestUpdate();
  }
}
