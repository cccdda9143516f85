/**
 * What every request passes, whatever its route: an id, a bounded JSON body, errors as the API's bodies,
 * counters, and one log line at the end.
 */
import { Elysia, NotFoundError, ParseError, ValidationError } from "elysia";

import { e2bErrorBody, isE2bPath, toE2bError } from "../e2b/errors.ts";
import { ApiError, errorBody, toApiError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import { isStreamed, readJsonBody } from "./bodies.ts";
import type { Requests } from "./requests.ts";
import { describeInvalid } from "./validation.ts";

export interface RimDeps {
  log: Log;
  metrics: Metrics;
  requests: Requests;
}

interface Received {
  query: unknown;
  params: unknown;
}

const describeValidation = (error: ValidationError, { query, params }: Received): ApiError => {
  // A number in the address that does not fit is told without its name.
  if (error.type !== "property") return describeInvalid(error.type, error.all[0]);
  const name = findName({ ...toRecord(query), ...toRecord(params) }, error.value);
  return describeInvalid(name ?? "query", error.all[0]);
};

const toRecord = (value: unknown): object => (typeof value === "object" && value !== null ? value : {});

/** The name whose text means `value`. */
const findName = (received: object, value: unknown): string | undefined =>
  Object.entries(received).find(([, text]) => text === value || Number(text) === value)?.[0];

/** The framework's own errors and everyone else's as an `ApiError`. */
const asApiError = (error: unknown, received: Received): ApiError => {
  if (error instanceof ValidationError && error.type !== "response") {
    return describeValidation(error, received);
  }
  if (error instanceof NotFoundError) {
    return new ApiError(404, "not_found", "There is nothing at this path; /docs lists what there is.");
  }
  // What a parser threw comes wrapped.
  return toApiError(error instanceof ParseError ? error.cause : error);
};

const statusOf = (set: number | string | undefined, answer: unknown): number => {
  if (answer instanceof Response) return answer.status;
  return typeof set === "number" ? set : 200;
};

export const rim = ({ log, metrics, requests }: RimDeps) =>
  new Elysia({ name: "rim", normalize: false })
    .onRequest(({ request, set, server }) => {
      set.headers["x-request-id"] = requests.info(request, server).id;
      set.headers["x-content-type-options"] = "nosniff";
      // Answers belong to who asked; what may be kept says so itself.
      set.headers["cache-control"] = "no-store";
    })
    .onParse({ as: "global" }, async ({ request, contentType, route }) => {
      if (isStreamed(request.method, route)) return null;
      // Anything but undefined ends the search for a parser; null stands for an absent body.
      return (await readJsonBody(request, contentType)) ?? null;
    })
    .onError({ as: "global" }, ({ error, request, set, path, query, params }) => {
      const isE2b = isE2bPath(path);
      const found = asApiError(error, { query, params });
      const answer = isE2b ? toE2bError(found) : found;
      if (answer.status >= 500) {
        const level = answer.status === 500 ? "error" : "warn";
        const { code, cause } = answer;
        log[level](answer.message, { request_id: requests.info(request).id, code, error: cause });
      }
      set.status = answer.status;
      Object.assign(set.headers, answer.headers);
      return isE2b ? e2bErrorBody(answer) : errorBody(answer);
    })
    .onAfterResponse({ as: "global" }, ({ request, set, route, path, responseValue }) => {
      const { id, startedMs, client } = requests.info(request);
      const status = statusOf(set.status, responseValue);
      const durationMs = performance.now() - startedMs;
      metrics.observeRequest({ method: request.method, route, status, durationMs });
      log.info("request", {
        request_id: id,
        client,
        method: request.method,
        // Alone: a query may hold what is nobody's business.
        path,
        status,
        duration_ms: Math.round(durationMs * 10) / 10,
      });
    });
