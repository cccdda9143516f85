/** The way of one request to a port: who may, whether the sandbox runs or can be woken, and on to its host. */
import type { Sql } from "../../db/sql.ts";
import { GUEST_PORT } from "../../proto/guest-port.ts";
import { isWebSocketUpgrade } from "../../proto/hop-by-hop.ts";
import { withinDeadline } from "../auth/database-deadline.ts";
import { equalSecrets } from "../auth/secrets.ts";
import type { Requests } from "../http/requests.ts";
import { type AccessDeps, mayReach } from "./access.ts";
import { privatePort, sandboxNotFound, unreachable } from "./answers.ts";
import type { Forwarder, Gone } from "./forward.ts";
import { type Secrets, toSandboxHeaders } from "./headers.ts";
import type { LastKnown } from "./last-known.ts";
import type { Passage } from "./passage.ts";
import { moveBelow } from "./prefix.ts";
import { enterPreview } from "./preview-entry.ts";
import type { PreviewTokens } from "./preview-tokens.ts";
import { findTrafficSandbox, type TrafficSandbox } from "./store.ts";
import type { Waking } from "./waking.ts";

export interface EntranceDeps extends AccessDeps {
  sql: Sql;
  requests: Requests;
  secrets: Secrets;
  previewTokens: PreviewTokens;
  forwarder: Forwarder;
  waking: Waking;
  lastKnown: LastKnown;
}

type Server = Bun.Server<unknown>;

/** Bodies up to this size are read whole where the request may have to be sent twice. */
const REPEATABLE_BYTES = 64 * 1024;

interface Body {
  content: ReadableStream<Uint8Array> | ArrayBuffer | null;
  /** It can be sent twice. */
  repeatable: boolean;
}

const isSmall = ({ body, headers }: Request): boolean => {
  const length = headers.get("content-length");
  return body === null || (length !== null && Number(length) <= REPEATABLE_BYTES);
};

const readBody = async (request: Request, mayRepeat: boolean): Promise<Body> => {
  if (request.body === null) return { content: null, repeatable: true };
  if (!mayRepeat || !isSmall(request)) return { content: request.body, repeatable: false };
  return { content: await request.arrayBuffer(), repeatable: true };
};

export class Entrance {
  constructor(private readonly deps: EntranceDeps) {}

  /** Undefined when the connection has become a WebSocket. Throws an ApiError, and what an abort does. */
  async pass(request: Request, asked: Passage, server: Server): Promise<Response | undefined> {
    const { sql, lastKnown } = this.deps;
    const mayGoAhead = !asked.prefix && isSmall(request) && this.#hasGuestToken(request, asked);
    const known = mayGoAhead ? lastKnown.find(asked.sandboxId) : null;
    const body = known && (await readBody(request, true));
    if (known !== null && body !== null) {
      const answer = await this.#send(request, asked, known, body, server);
      if (answer !== "gone") return answer;
      lastKnown.forget(asked.sandboxId);
    }
    const sandbox = await withinDeadline(findTrafficSandbox(sql, asked.sandboxId));
    if (sandbox === null) return sandboxNotFound(asked.sandboxId);
    if (mayGoAhead) lastKnown.note(sandbox);
    const entry = enterPreview(this.deps.previewTokens, request, asked);
    if (entry.kind === "redirect") return entry.response;
    const passage = entry.kind === "open" ? { ...asked, pathAndQuery: entry.pathAndQuery } : asked;
    if (entry.kind === "closed" && !(await mayReach(this.deps, sandbox, asked.port, request))) {
      return privatePort(asked);
    }
    const answer = await this.#toRunning(request, passage, sandbox, server, body);
    if (answer === "gone") return sandboxNotFound(asked.sandboxId);
    if (answer !== undefined && passage.prefix !== null && passage.prefix !== "") {
      const origin = `${passage.scheme}://${request.headers.get("host")?.toLowerCase()}`;
      moveBelow(answer.headers, passage.prefix, origin);
    }
    return answer;
  }

  /** Once it runs; a second time when its host has paused it a moment ago, and the row did not know yet. */
  async #toRunning(
    request: Request,
    passage: Passage,
    sandbox: TrafficSandbox,
    server: Server,
    readAlready: Body | null,
  ): Promise<Response | Gone | undefined> {
    const { waking } = this.deps;
    // Nobody wakes a sandbox through its guest agent without the token for it.
    const isAllowed = passage.port !== GUEST_PORT || this.#hasGuestToken(request, passage);
    const mayWake = sandbox.autoResume && isAllowed;
    const body = readAlready ?? (await readBody(request, mayWake));
    const first = await waking.ready(sandbox, mayWake);
    const answer = first === null ? "gone" : await this.#send(request, passage, first, body, server);
    if (first === null && sandbox.status === "missing") {
      return unreachable(passage.sandboxId, "The sandbox's host cannot be reached just now");
    }
    if (answer !== "gone" || first === null || !mayWake || !body.repeatable) return answer;
    const now = await waking.afterRefusal(first);
    const second = now && (await waking.ready(now, mayWake));
    return second === null ? "gone" : this.#send(request, passage, second, body, server);
  }

  /** Whether the request is for the guest agent and has what it asks for. */
  #hasGuestToken({ headers }: Request, { sandboxId, port }: Passage): boolean {
    const token = port === GUEST_PORT ? headers.get("x-access-token") : null;
    return token !== null && equalSecrets(token, this.deps.secrets.accessToken(sandboxId));
  }

  async #send(
    request: Request,
    passage: Passage,
    { endpoint }: TrafficSandbox,
    { content: body }: Body,
    server: Server,
  ): Promise<Response | Gone | undefined> {
    const { secrets, forwarder, requests } = this.deps;
    const { sandboxId, port, pathAndQuery } = passage;
    if (endpoint === null) return unreachable(sandboxId, "The sandbox's host is not registered any more");
    // From here on a stream may be quiet for as long as its two ends like.
    server.timeout(request, 0);
    const { client } = requests.info(request);
    const { method, signal } = request;
    const headers = toSandboxHeaders(request.headers, passage, secrets, client);
    const parcel = { endpoint, sandboxId, port, pathAndQuery, method, headers, body, signal };
    return isWebSocketUpgrade(request) ? forwarder.upgrade(parcel, request, server) : forwarder.send(parcel);
  }
}
