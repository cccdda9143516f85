/** What the guest agent's errors mean to the client who asked for a command or a file. */
import { Code, ConnectError } from "@connectrpc/connect";

import { readBoundedJson } from "../../proto/bounded-body.ts";
import { HOST_ERROR_HEADER } from "../../proto/host-errors.ts";
import { ApiError, conflict, forbidden, invalidRequest, notFound } from "../errors.ts";
import { readFailure, toClientError } from "../hosts/failures.ts";

/** What was asked for, for the error's code: `file_not_found`, `process_not_found`. */
export type GuestNoun = "file" | "process";

/** The client's own mistakes, by what the guest says. */
const byCode = (code: Code, message: string, noun: GuestNoun): ApiError | null => {
  switch (code) {
    case Code.NotFound:
      return notFound(`${noun}_not_found`, message);
    case Code.InvalidArgument:
      return invalidRequest(noun === "file" ? "path" : "cwd", "invalid", message);
    case Code.AlreadyExists:
      return conflict("already_exists", message);
    case Code.PermissionDenied:
      return forbidden(message, "permission_denied");
    // The server's own token fits, so it is the user that does not.
    case Code.Unauthenticated:
      return invalidRequest("user", "unknown_user", message);
    case Code.FailedPrecondition:
      return conflict("failed_precondition", message);
    case Code.ResourceExhausted:
      return new ApiError(507, "disk_full", message);
    default:
      return null;
  }
};

/** Any rejected call to a guest, be it the guest's word, the host's, or no word at all. */
export const guestError = (thrown: unknown, noun: GuestNoun): ApiError => {
  if (thrown instanceof ApiError) return thrown;
  const error = ConnectError.from(thrown);
  const fromHost = error.metadata.get(HOST_ERROR_HEADER);
  // The row said it runs, so this is news that the row does not have yet.
  if (fromHost === "sandbox_not_found") {
    return conflict("invalid_state", "The sandbox is not running on its host just now; look at it again.");
  }
  const mistake = fromHost ? null : byCode(error.code, error.rawMessage, noun);
  return mistake ?? toClientError(readFailure(thrown));
};

const MISTAKES: Partial<Record<number, Code>> = {
  400: Code.InvalidArgument,
  401: Code.Unauthenticated,
  403: Code.PermissionDenied,
  404: Code.NotFound,
  409: Code.AlreadyExists,
  507: Code.ResourceExhausted,
};

/** The same for an answer of the guest's plain HTTP routes (`{code, message}`) that is not a success. */
export const guestHttpError = async (response: Response, noun: GuestNoun): Promise<ApiError> => {
  const body: unknown = await readBoundedJson(response).catch(() => null);
  const message =
    typeof body === "object" && body !== null && "message" in body
      ? String(body.message)
      : `the guest agent answered ${response.status}`;
  return guestError(new ConnectError(message, MISTAKES[response.status] ?? Code.Internal), noun);
};
