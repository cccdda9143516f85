/** One request, passed on to the agent of the sandbox's host: streamed both ways, its bytes untouched. */
import { offeredProtocols, toUpgradeHeaders } from "../../proto/hop-by-hop.ts";
import { HOST_ERROR_HEADER } from "../../proto/host-errors.ts";
import { formatSandboxId } from "../../proto/ids.ts";
import { dialWebSocket } from "../../proto/web-socket-dial.ts";
import { upgradeHeaders, WebSocketRelay } from "../../proto/web-socket-relay.ts";
import type { CallTokens } from "../hosts/call-tokens.ts";
import { type HostEndpoint, hostFetch, hostTls } from "../hosts/host-fetch.ts";
import { unreachable } from "./answers.ts";
import { toClientHeaders } from "./headers.ts";
import type { PortRef } from "./target.ts";

/** A request on its way. */
export interface Parcel extends PortRef {
  endpoint: HostEndpoint;
  method: string;
  /** As the sandbox is to see it, from the first slash, without dots that lead upwards. */
  pathAndQuery: string;
  headers: Headers;
  body: ReadableStream<Uint8Array> | ArrayBuffer | null;
  /** Aborted when the client leaves. */
  signal: AbortSignal;
}

const addressOf = ({ endpoint, sandboxId, port, pathAndQuery }: Parcel): string =>
  `${endpoint.address}/traffic/${formatSandboxId(sandboxId)}/${port}${pathAndQuery}`;

/** Statuses of the host's own refusals that clients get. */
const FOR_CLIENTS = new Set([502, 503]);

const HOST_AWAY = "The sandbox's host did not answer";

/** The host holds no such sandbox, or it does not run there. */
export type Gone = "gone";

export class Forwarder {
  constructor(private readonly tokens: CallTokens) {}

  /** The answer as it comes; 502 where there is none. Rejects when the client has left. */
  async send(parcel: Parcel): Promise<Response | Gone> {
    const { endpoint, sandboxId, method, body, signal } = parcel;
    const headers = await this.#authorized(parcel);
    const options: BunFetchRequestInit = {
      method,
      headers,
      body,
      signal,
      decompress: false,
      // A stream may be quiet for as long as its two ends like.
      timeout: false,
    };
    let answer: Response;
    try {
      answer = await hostFetch(endpoint)(addressOf(parcel), options);
    } catch (reason) {
      if (signal.aborted) throw reason;
      return unreachable(sandboxId, HOST_AWAY);
    }
    const refusal = answer.headers.get(HOST_ERROR_HEADER);
    if (refusal === "sandbox_not_found") {
      await answer.body?.cancel();
      return "gone";
    }
    // A closed port or too many requests are the client's to know; else it is between server and host.
    if (refusal !== null && !FOR_CLIENTS.has(answer.status)) {
      await answer.body?.cancel();
      return unreachable(sandboxId, HOST_AWAY);
    }
    const { status, statusText } = answer;
    return new Response(answer.body, { status, statusText, headers: toClientHeaders(answer.headers) });
  }

  /** Undefined when the connection has become a WebSocket; else why it has not, as the sandbox answers. */
  async upgrade(
    parcel: Parcel,
    request: Request,
    server: Bun.Server<unknown>,
  ): Promise<Response | Gone | undefined> {
    const { endpoint, signal } = parcel;
    const headers = toUpgradeHeaders(await this.#authorized(parcel));
    const dialled = await dialWebSocket(addressOf(parcel).replace(/^http/, "ws"), {
      headers,
      protocols: offeredProtocols(request.headers),
      signal,
      tls: hostTls(endpoint),
    }).catch(() => null);
    // A refused upgrade keeps its reason to itself; the same asked plainly tells it.
    if (dialled === null) return this.send({ ...parcel, body: null });
    const data = new WebSocketRelay(dialled, () => {});
    if (!signal.aborted && server.upgrade(request, { headers: upgradeHeaders(request, dialled), data })) {
      return undefined;
    }
    dialled.terminate();
    return unreachable(parcel.sandboxId, "The connection could not become a WebSocket");
  }

  async #authorized({ endpoint, headers }: Parcel): Promise<Headers> {
    const authorized = new Headers(headers);
    authorized.set("wrenn-authorization", `Bearer ${await this.tokens.forHost(endpoint.id)}`);
    return authorized;
  }
}
