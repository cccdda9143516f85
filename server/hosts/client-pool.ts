/**
 * Connect clients of the hosts: made when first needed, kept per host id, replaced when the host's
 * address or certificate changes, dropped when it is deleted.
 */
import { type Client, createClient, type Interceptor } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";

import { HostService } from "../../proto/gen/wrenn/host/v1/host_pb.ts";
import { guardConnectAnswer, HOST_ANSWER } from "../../proto/guarded-body.ts";
import type { CallTokens } from "./call-tokens.ts";
import { deadlineOf } from "./deadlines.ts";
import { type HostEndpoint, hostFetch } from "./host-fetch.ts";

export type HostClient = Client<typeof HostService>;

/** Hosts remembered at once; past it the pool starts over: those that other servers deleted go with it. */
const MAX_CLIENTS = 10_000;

interface Entry {
  endpoint: HostEndpoint;
  client: HostClient;
}

export class HostClientPool {
  readonly #entries = new Map<string, Entry>();

  constructor(private readonly tokens: CallTokens) {}

  /** The host's client; calls carry a fresh token and the method's deadline. */
  client(endpoint: HostEndpoint): HostClient {
    const known = this.#entries.get(endpoint.id);
    if (known && known.endpoint.address === endpoint.address && known.endpoint.tlsCert === endpoint.tlsCert) {
      return known.client;
    }
    if (this.#entries.size >= MAX_CLIENTS) this.#entries.clear();
    const client = this.#dial(endpoint);
    this.#entries.set(endpoint.id, { endpoint, client });
    return client;
  }

  /**
   * Plain HTTP to the host, streamed both ways and without a deadline of its own.
   * @param path as `/templates/…`.
   * @throws ConnectError when the host did not answer.
   */
  async fetch(endpoint: HostEndpoint, path: string, init: BunFetchRequestInit): Promise<Response> {
    const headers = new Headers(init.headers);
    headers.set("Authorization", `Bearer ${await this.tokens.forHost(endpoint.id)}`);
    return hostFetch(endpoint)(`${endpoint.address}${path}`, { ...init, headers });
  }

  /** Forget a deleted host. */
  evict(hostId: string): void {
    this.#entries.delete(hostId);
  }

  #dial(endpoint: HostEndpoint): HostClient {
    const authorize: Interceptor = (next) => async (request) => {
      request.header.set("Authorization", `Bearer ${await this.tokens.forHost(endpoint.id)}`);
      return next(request);
    };
    const send = hostFetch(endpoint);
    const guarded = async (url: URL | RequestInfo, init?: RequestInit) =>
      guardConnectAnswer(await send(url, init), HOST_ANSWER);
    const transport = createConnectTransport({
      baseUrl: endpoint.address,
      useBinaryFormat: true,
      interceptors: [authorize],
      fetch: Object.assign(guarded, { preconnect: fetch.preconnect }),
    });
    return createClient(HostService, {
      // A deadline per method, unless the caller sets its own.
      unary: (method, signal, timeoutMs, ...rest) =>
        transport.unary(method, signal, timeoutMs ?? deadlineOf(method.localName), ...rest),
      stream: transport.stream.bind(transport),
    });
  }
}
