/** What an OpenID Connect issuer tells of itself: asked at first use, kept for a while. */
import { discoveryRequest, processDiscoveryResponse } from "oauth4webapi";
import type { AuthorizationServer } from "oauth4webapi";

import { exchangeOptions } from "./exchange.ts";

/** An issuer that moves its endpoints is followed within this time; its keys are the library's matter. */
const FRESH_MS = 3_600_000;

export class OidcMetadata {
  #asked: { answer: Promise<AuthorizationServer>; atMs: number } | null = null;

  constructor(
    private readonly issuer: string,
    private readonly timeoutMs: number,
  ) {}

  /** Callers at the same time share one question. A failure is not kept. */
  get(): Promise<AuthorizationServer> {
    if (this.#asked !== null && performance.now() - this.#asked.atMs < FRESH_MS) return this.#asked.answer;
    const asked = { answer: this.#ask(), atMs: performance.now() };
    this.#asked = asked;
    asked.answer.catch(() => {
      if (this.#asked === asked) this.#asked = null;
    });
    return asked.answer;
  }

  async #ask(): Promise<AuthorizationServer> {
    const issuer = new URL(this.issuer);
    const response = await discoveryRequest(issuer, exchangeOptions(this.timeoutMs));
    return processDiscoveryResponse(issuer, response);
  }
}
