/** Sandbox traffic, from a recognised request to its answer: who may, whether it runs, and on to its host. */
import type { Sql } from "../../db/sql.ts";
import { GUEST_PORT } from "../../proto/guest-port.ts";
import { isWebSocketUpgrade } from "../../proto/hop-by-hop.ts";
import { formatSandboxId } from "../../proto/ids.ts";
import { withinDeadline } from "../auth/database-deadline.ts";
import { equalSecrets } from "../auth/secrets.ts";
import type { Requests } from "../http/requests.ts";
import type { Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import { type AccessDeps, mayReach } from "./access.ts";
import { badTarget, failed, privatePort, sandboxNotFound, unreachable } from "./answers.ts";
import type { Forwarder } from "./forward.ts";
import { type Secrets, toSandboxHeaders } from "./headers.ts";
import { pathOf } from "./path.ts";
import { findTrafficSandbox, type TrafficSandbox } from "./store.ts";
import { findTarget, type PortRef, type TrafficTarget } from "./target.ts";
import type { Waking } from "./waking.ts";

export interface TrafficDeps extends AccessDeps {
  sql: Sql;
  log: Log;
  metrics: Metrics;
  requests: Requests;
  secrets: Secrets;
  forwarder: Forwarder;
  waking: Waking;
  /** Lower case, without a port; null: any. */
  domain: string | null;
}

type Server = Bun.Server<unknown>;

/** Bodies up to this size are read whole where the request may have to be sent twice. */
const REPEATABLE_BYTES = 64 * 1024;

interface Body {
  content: ReadableStream<Uint8Array> | ArrayBuffer | null;
  repeatable: boolean;
}

const readBody = async (request: Request, { autoResume }: TrafficSandbox): Promise<Body> => {
  const { body, headers } = request;
  if (body === null) return { content: null, repeatable: true };
  const length = headers.get("content-length");
  if (!autoResume || length === null || Number(length) > REPEATABLE_BYTES) {
    return { content: body, repeatable: false };
  }
  return { content: await request.arrayBuffer(), repeatable: true };
};

export class Traffic {
  constructor(private readonly deps: TrafficDeps) {}

  /** Null: the request is the control plane's. */
  find(request: Request): TrafficTarget | null {
    return findTarget(request, this.deps.domain);
  }

  /** Never rejects; undefined when the connection has become a WebSocket. */
  async serve(request: Request, target: TrafficTarget, server: Server): Promise<Response | undefined> {
    const { requests, metrics, log } = this.deps;
    const { id, client, startedMs } = requests.info(request, server);
    server.timeout(request, 0);
    let answer: Response | undefined;
    try {
      answer = await this.#answer(request, target, server);
    } catch (thrown) {
      const { response, error } = failed(thrown);
      if (error.status >= 500 && !request.signal.aborted) {
        log.warn("sandbox traffic failed", { request_id: id, error: error.cause ?? error });
      }
      answer = response;
    }
    if (answer !== undefined && !answer.headers.has("x-request-id")) answer.headers.set("x-request-id", id);
    const status = answer?.status ?? 101;
    const durationMs = performance.now() - startedMs;
    metrics.observeRequest({ method: request.method, route: "sandbox traffic", status, durationMs });
    log.info("traffic", {
      request_id: id,
      client,
      method: request.method,
      ...(target.kind === "port" && { sandbox: formatSandboxId(target.sandboxId), port: target.port }),
      status,
      duration_ms: Math.round(durationMs * 10) / 10,
    });
    return answer;
  }

  async #answer(request: Request, target: TrafficTarget, server: Server): Promise<Response | undefined> {
    switch (target.kind) {
      case "bad":
        return badTarget(target.message);
      case "signed_file":
        return badTarget("This link names no sandbox.");
      case "port":
        return this.#toPort(request, target, server);
    }
  }

  async #toPort(request: Request, ref: PortRef, server: Server): Promise<Response | undefined> {
    const { sql, waking } = this.deps;
    const sandbox = await withinDeadline(findTrafficSandbox(sql, ref.sandboxId));
    if (sandbox === null) return sandboxNotFound(ref.sandboxId);
    if (!(await mayReach(this.deps, sandbox, ref.port, request))) return privatePort(ref);
    const mayWake = this.#mayWake(request, ref);
    const ready = await waking.ready(sandbox, mayWake);
    const body = await readBody(request, sandbox);
    const answer = await this.#send(request, server, ref, ready, body.content);
    if (answer !== "gone") return answer;
    // Its host has paused it a moment ago, and the row does not know yet.
    if (!sandbox.autoResume || !mayWake || !body.repeatable) return sandboxNotFound(ref.sandboxId);
    const now = await waking.afterRefusal(sandbox);
    const again = now && (await waking.ready(now, mayWake));
    const second = await this.#send(request, server, ref, again, body.content);
    return second === "gone" ? sandboxNotFound(ref.sandboxId) : second;
  }

  /** Nobody wakes a sandbox through its guest agent without the token for it. */
  #mayWake({ headers }: Request, { sandboxId, port }: PortRef): boolean {
    if (port !== GUEST_PORT) return true;
    const token = headers.get("x-access-token");
    return token !== null && equalSecrets(token, this.deps.secrets.accessToken(sandboxId));
  }

  async #send(
    request: Request,
    server: Server,
    ref: PortRef,
    sandbox: TrafficSandbox | null,
    body: Body["content"],
  ): Promise<Response | "gone" | undefined> {
    if (sandbox === null) return sandboxNotFound(ref.sandboxId);
    const { endpoint } = sandbox;
    if (endpoint === null) return unreachable(ref.sandboxId, "The sandbox's host is not registered any more");
    const { secrets, forwarder, requests } = this.deps;
    const origin = { client: requests.info(request).client, scheme: schemeOf(request) };
    const parcel = {
      ...ref,
      endpoint,
      method: request.method,
      pathAndQuery: pathOf(request.url),
      headers: toSandboxHeaders(request.headers, ref, secrets, origin),
      body,
      signal: request.signal,
    };
    return isWebSocketUpgrade(request) ? forwarder.upgrade(parcel, request, server) : forwarder.send(parcel);
  }
}

const schemeOf = ({ url }: Request): "http" | "https" => (url.startsWith("https:") ? "https" : "http");
