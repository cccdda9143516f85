/**
 * Every error the API answers with, and the one place that turns any thrown value into a status and a body.
 * A message is a sentence a person can act on; clients branch on the code, never on the message.
 */
import { isDatabaseAway, isUnstorableText } from "../db/sql.ts";
import type { Json } from "../db/sql.ts";

export interface ApiErrorOptions {
  /** Further fields of the body, snake_case. */
  details?: Record<string, Json>;
  headers?: Record<string, string>;
  /** Kept for the log, never sent. */
  cause?: unknown;
}

/** An answer other than success. */
export class ApiError extends Error {
  override name = "ApiError";
  readonly details: Record<string, Json>;
  readonly headers: Record<string, string>;

  /**
   * @param status HTTP status.
   * @param code snake_case, part of the API.
   */
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    options: ApiErrorOptions = {},
  ) {
    super(message, { cause: options.cause });
    this.details = options.details ?? {};
    this.headers = options.headers ?? {};
  }
}

/**
 * 400: a value breaks a rule.
 * @param field the value's name as the client wrote it, with dots and indexes for inner ones.
 * @param rule machine-readable, e.g. `uuid`, `maxLength`, `unknown_field`.
 */
export const invalidRequest = (field: string, rule: string, message: string): ApiError =>
  new ApiError(400, "invalid_request", message, { details: { field, rule } });

/** 401: no credentials, or ones that do not count (any more). */
export const unauthorized = (message: string, code = "unauthorized"): ApiError =>
  new ApiError(401, code, message, { headers: { "www-authenticate": "Bearer" } });

/** 403: known, but not allowed. */
export const forbidden = (message: string, code = "forbidden"): ApiError => new ApiError(403, code, message);

/** 403 on what only platform admins do. */
export const adminOnly = (): ApiError =>
  forbidden("Only a platform administrator may do this.", "admin_only");

/** 404 with a code of the noun, as `sandbox_not_found`. */
export const notFound = (code: string, message: string): ApiError => new ApiError(404, code, message);

/** 409: true in itself, but not in the present state. */
export const conflict = (code: string, message: string, details: Record<string, Json> = {}): ApiError =>
  new ApiError(409, code, message, { details });

/** 413. `limitBytes` is told. */
export const payloadTooLarge = (limitBytes: number): ApiError =>
  new ApiError(413, "payload_too_large", `The body may have at most ${limitBytes} bytes.`, {
    details: { limit_bytes: limitBytes },
  });

/** 503: a part this needs is not there just now; the same request may work in a moment. */
export const unavailable = (code: string, message: string, cause?: unknown): ApiError =>
  new ApiError(503, code, message, { headers: { "retry-after": "1" }, cause });

/**
 * Any thrown value as an answer. A missing database is 503 and text that PostgreSQL cannot hold 400, whatever
 * noticed it; everything else that is not an `ApiError` is 500 without its text.
 */
export const toApiError = (error: unknown): ApiError => {
  if (error instanceof ApiError) return error;
  if (isDatabaseAway(error)) {
    return unavailable("database_unavailable", "The database cannot be reached just now. Try again.", error);
  }
  if (isUnstorableText(error)) {
    return new ApiError(400, "invalid_request", "A text holds zero bytes or halves of surrogate pairs.", {
      details: { field: "body", rule: "text" },
      cause: error,
    });
  }
  return new ApiError(500, "internal_error", "Something went wrong on the server; its log tells more.", {
    cause: error,
  });
};

/** The body of an answer: `{"error":{"code","message",…details}}`. */
export const errorBody = (error: ApiError): { error: Record<string, Json> } => ({
  error: { code: error.code, message: error.message, ...error.details },
});
