/** Sandbox traffic, from a recognised request to its answer, with a log line and counters for each. */
import { STATUS_CODES } from "node:http";

import { forwardLimit } from "../../proto/forward-limit.ts";
import { formatSandboxId } from "../../proto/ids.ts";
import { unavailable } from "../errors.ts";
import type { Requests } from "../http/requests.ts";
import { SAFE_DOWNLOAD } from "../http/safe-download.ts";
import type { Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import { badTarget, failed } from "./answers.ts";
import type { Entrance } from "./entrance.ts";
import { type Passage, schemeOf } from "./passage.ts";
import { pathOf } from "./path.ts";
import { preflight } from "./preflight.ts";
import { readPreviewPath } from "./preview-paths.ts";
import type { PreviewUrls } from "./preview-urls.ts";
import { findSigner, type SignedFileDeps } from "./signed-files.ts";
import { findTarget, isHost, type PortRef, type TrafficTarget } from "./target.ts";

export interface TrafficDeps {
  log: Log;
  metrics: Metrics;
  requests: Requests;
  entrance: Entrance;
  signedFiles: SignedFileDeps;
  previewUrls: PreviewUrls;
  /** Lower case, without a port; null: any. */
  domain: string | null;
  publicUrl: string;
}

type Server = Bun.Server<unknown>;
type Answer = Response | undefined;

/** How a request is answered, and which port it is for where it is for one. */
interface Way {
  ref: PortRef | null;
  answer: () => Promise<Answer> | Answer;
}

const maxRequests = forwardLimit(process.env);

const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

/** Programs in sandboxes choose their statuses, clients their methods: unknown ones are counted together. */
const seriesOf = (method: string, status: number) => ({
  method: METHODS.has(method) ? method : "other",
  status: status in STATUS_CODES ? status : Math.floor(status / 100) * 100,
});

const tooMany = () =>
  unavailable("busy", "So many requests to sandboxes are under way that this one has to wait. Try again.");

export class Traffic {
  constructor(private readonly deps: TrafficDeps) {}

  /** Null: the request is the control plane's. */
  find(request: Request): TrafficTarget | null {
    return findTarget(request, this.deps.domain);
  }

  /** Never rejects; undefined when the connection has become a WebSocket. */
  serve(request: Request, target: TrafficTarget, server: Server): Promise<Answer> {
    return this.#observed(request, server, this.#wayTo(request, target, server));
  }

  /** The same for what comes to the previews' own listener. */
  servePreview(request: Request, server: Server): Promise<Answer> {
    const read = readPreviewPath(request);
    const way = ((): Way => {
      if (read instanceof Response) return { ref: null, answer: () => read };
      const passage: Passage = { ...read, scheme: schemeOf(this.deps.previewUrls.base) };
      return { ref: passage, answer: () => this.deps.entrance.pass(request, passage, server) };
    })();
    return this.#observed(request, server, way);
  }

  #wayTo(request: Request, target: TrafficTarget, server: Server): Way {
    const passageOf = (ref: PortRef, prefix: Passage["prefix"]): Passage => ({
      sandboxId: ref.sandboxId,
      port: ref.port,
      pathAndQuery: pathOf(request.url),
      prefix,
      scheme: schemeOf(this.deps.publicUrl),
    });
    switch (target.kind) {
      case "bad":
        return { ref: null, answer: () => badTarget(target.message) };
      case "preflight":
        return { ref: null, answer: () => preflight(request) };
      case "signed_file":
        return {
          ref: null,
          answer: async () => {
            const signer = await findSigner(this.deps.signedFiles, request);
            const answer = await this.deps.entrance.pass(request, passageOf(signer, null), server);
            // A link is opened in browsers, and this is the dashboard's origin.
            for (const [name, value] of Object.entries(SAFE_DOWNLOAD)) answer?.headers.set(name, value);
            return answer;
          },
        };
      case "port": {
        const passage = passageOf(target, target.by === "host" ? "" : null);
        return { ref: target, answer: () => this.deps.entrance.pass(request, passage, server) };
      }
    }
  }

  async #observed(request: Request, server: Server, { ref, answer: make }: Way): Promise<Answer> {
    const { requests, metrics, log } = this.deps;
    const { id, client, startedMs } = requests.info(request, server);
    let answer: Answer;
    try {
      if (server.pendingRequests > maxRequests) throw tooMany();
      answer = isHost(request.headers.get("host") ?? "x")
        ? await make()
        : badTarget("Host: expected one host name.");
    } catch (thrown) {
      const { response, error } = failed(thrown);
      if (error.status >= 500 && !request.signal.aborted) {
        log.warn("sandbox traffic failed", { request_id: id, error: error.cause ?? error });
      }
      answer = response;
    }
    if (answer !== undefined && !answer.headers.has("x-request-id")) answer.headers.set("x-request-id", id);
    const { method } = request;
    const status = answer?.status ?? 101;
    const durationMs = performance.now() - startedMs;
    metrics.observeRequest({ ...seriesOf(method, status), route: "sandbox traffic", durationMs });
    log.info("traffic", {
      request_id: id,
      client,
      method,
      ...(ref !== null && { sandbox: formatSandboxId(ref.sandboxId), port: ref.port }),
      status,
      duration_ms: Math.round(durationMs * 10) / 10,
    });
    return answer;
  }
}
