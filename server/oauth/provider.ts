/** What signing in needs of a provider, whatever it speaks. */
import type { FlowSecrets } from "./flow-secrets.ts";

/** Whom a provider names. */
export interface Profile {
  /**
   * Never given to anyone else. Holds the provider's address: when the configuration points elsewhere one
   * day, the numbers there mean other people.
   */
  providerUserId: string;
  /** The primary address, when the provider vouches for it. */
  email: string | null;
  /** What they might be called, best first; as the provider has it. */
  names: readonly (string | null | undefined)[];
}

export interface Visit {
  /** Where the provider sends the browser back to. */
  redirectUri: string;
  secrets: FlowSecrets;
}

export interface Provider {
  /** Part of addresses and of stored identities. */
  readonly id: string;
  /** What people know it by. */
  readonly name: string;
  /** Where to send the browser. Throws when the provider cannot be asked what it needs. */
  authorizationUrl(visit: Visit): Promise<URL>;
  /**
   * Who came back with these parameters.
   * @throws any error when the answer is no success, cannot be trusted or takes too long
   */
  identify(visit: Visit & { parameters: URLSearchParams }): Promise<Profile>;
}

/** A provider's answer that will not do. The message is for the log. */
export class ProviderError extends Error {
  override name = "ProviderError";
}
