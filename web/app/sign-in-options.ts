/** What this server offers to those who come in, for the entry pages: read when the page is opened. */
import type { ReactiveController, ReactiveControllerHost } from "lit";

import { describeFailure } from "../api/failure.ts";
import type { Answer } from "../api/routes.ts";
import { send } from "../api/send.ts";

export type Offered = Answer<"GET /v1/auth/options">;

export class SignInOptions implements ReactiveController {
  /** Null until they are known. */
  offered: Offered | null = null;
  /** Why they are not. */
  failure = "";

  constructor(
    private readonly host: ReactiveControllerHost,
    /** With which the person came back from a provider. */
    private readonly errorCode: string | null,
  ) {
    host.addController(this);
  }

  hostConnected(): void {
    void this.#read();
  }

  async #read(): Promise<void> {
    try {
      const query = this.errorCode === null ? {} : { error: this.errorCode.slice(0, 64) };
      this.offered = await send("GET /v1/auth/options", { query });
    } catch (error) {
      this.failure = describeFailure(error);
    }
    this.host.requestUpdate();
  }
}
