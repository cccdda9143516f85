/**
 * The way to the guest agent inside a sandbox: HTTP through its host's agent. Commands, files and
 * terminals all go through here, with the sandbox's own access token and the host's call token.
 */
import { type Client, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";

import { Filesystem } from "../../proto/gen/filesystem/filesystem_pb.ts";
import { Process } from "../../proto/gen/process/process_pb.ts";
import { guardConnectAnswer, GUEST_ANSWER } from "../../proto/guarded-body.ts";
import { GUEST_PORT } from "../../proto/guest-port.ts";
import { formatSandboxId } from "../../proto/ids.ts";
import type { CallTokens } from "../hosts/call-tokens.ts";
import { type HostEndpoint, hostFetch } from "../hosts/host-fetch.ts";
import { readRefusal } from "./refusals.ts";

/** Which guest, and as which of its users. */
export interface GuestTarget {
  endpoint: HostEndpoint;
  /** Bare UUID. */
  sandboxId: string;
  /** Null: the sandbox's default user. */
  user: string | null;
}

export class GuestDoor {
  constructor(
    private readonly tokens: CallTokens,
    private readonly accessToken: (sandboxId: string) => string,
  ) {}

  process(target: GuestTarget): Client<typeof Process> {
    return createClient(Process, this.#transport(target));
  }

  filesystem(target: GuestTarget): Client<typeof Filesystem> {
    return createClient(Filesystem, this.#transport(target));
  }

  /**
   * Plain HTTP, streamed both ways.
   * @param path with its query, as `/files?path=%2Ftmp%2Fa`.
   * @throws ConnectError when the host did not answer, or would not pass the request on.
   */
  async fetch(target: GuestTarget, path: string, init: BunFetchRequestInit): Promise<Response> {
    const headers = new Headers(init.headers);
    return this.#send(target)(`${this.#base(target)}${path}`, { ...init, headers });
  }

  #base({ endpoint, sandboxId }: GuestTarget): string {
    return `${endpoint.address}/traffic/${formatSandboxId(sandboxId)}/${GUEST_PORT}`;
  }

  #transport(target: GuestTarget) {
    const send = this.#send(target);
    const guarded = async (url: URL | RequestInfo, init?: RequestInit) =>
      guardConnectAnswer(await send(url, init), GUEST_ANSWER);
    return createConnectTransport({
      baseUrl: this.#base(target),
      useBinaryFormat: true,
      fetch: Object.assign(guarded, { preconnect: fetch.preconnect }),
    });
  }

  #send(target: GuestTarget): typeof fetch {
    const { endpoint, sandboxId, user } = target;
    const dial = hostFetch(endpoint);
    const send = async (url: URL | RequestInfo, init?: BunFetchRequestInit | RequestInit) => {
      const headers = new Headers(init?.headers);
      headers.set("Wrenn-Authorization", `Bearer ${await this.tokens.forHost(endpoint.id)}`);
      headers.set("X-Access-Token", this.accessToken(sandboxId));
      if (user !== null) headers.set("Authorization", `Basic ${btoa(`${user}:`)}`);
      const response = await dial(url, { ...init, headers });
      const refusal = await readRefusal(response);
      if (refusal) throw refusal;
      return response;
    };
    return Object.assign(send, { preconnect: fetch.preconnect });
  }
}
