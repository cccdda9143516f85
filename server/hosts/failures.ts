/** What a failed call to a host means: for the sandbox's row, and for the client who asked. */
import { Code, ConnectError } from "@connectrpc/connect";

import { HOST_ERROR_CODES, HOST_ERROR_HEADER, HOST_STATUS_HEADER } from "../../proto/host-errors.ts";
import { ApiError, conflict, invalidRequest, notFound, unavailable } from "../errors.ts";

/**
 * - `refused`: the host answered that it did not do it
 * - `unreachable`: the host did not get the call
 * - `unknown`: no answer in time, or the connection broke: it may have been done
 */
export type FailureKind = "refused" | "unreachable" | "unknown";

export interface HostFailure {
  kind: FailureKind;
  /** The host's own name for it where it has one, else the Connect code in snake_case. */
  code: string;
  connectCode: Code;
  message: string;
  /** The sandbox's status on the host, where the failure is about it. */
  sandboxStatus: string | null;
  cause: unknown;
}

const UNKNOWN = new Set([Code.Unknown, Code.DeadlineExceeded, Code.Canceled, Code.Aborted]);

const snakeCase = (code: Code): string =>
  Code[code].replaceAll(/(?!^)[A-Z]/g, (letter) => `_${letter}`).toLowerCase();

/** Reads a rejected call; anything that is not a Connect error is a bug and is thrown on. */
export const readFailure = (thrown: unknown): HostFailure => {
  const error = ConnectError.from(thrown);
  const named = HOST_ERROR_CODES.find((code) => code === error.metadata.get(HOST_ERROR_HEADER));
  const kind: FailureKind =
    error.code === Code.Unavailable
      ? "unreachable"
      : UNKNOWN.has(error.code) && named === undefined
        ? "unknown"
        : "refused";
  return {
    kind,
    code: named ?? snakeCase(error.code),
    connectCode: error.code,
    message: error.rawMessage,
    sandboxStatus: error.metadata.get(HOST_STATUS_HEADER),
    cause: thrown,
  };
};

/** True when another host may do what this one refused. */
export const anotherHostMay = ({ kind, connectCode, code }: HostFailure): boolean =>
  kind === "unreachable" || connectCode === Code.ResourceExhausted || code === "template_not_found";

/** What the client is told. */
export const toClientError = (failure: HostFailure): ApiError => {
  const { kind, code, connectCode, message, sandboxStatus, cause } = failure;
  if (kind === "unreachable") {
    return unavailable("host_unreachable", "The sandbox's host cannot be reached just now.", cause);
  }
  if (connectCode === Code.DeadlineExceeded) {
    return new ApiError(504, "agent_timeout", "The sandbox's host did not answer in time.", { cause });
  }
  if (kind === "unknown") {
    return unavailable("host_unreachable", "The connection to the sandbox's host broke.", cause);
  }
  if (code === "disk_full") return new ApiError(507, "disk_full", message, { cause });
  switch (connectCode) {
    case Code.NotFound:
      return notFound(code === "not_found" ? "sandbox_not_found" : code, message);
    case Code.InvalidArgument:
      return invalidRequest("body", code, message);
    case Code.FailedPrecondition:
      return conflict(
        code === "failed_precondition" ? "invalid_state" : code,
        message,
        sandboxStatus === null ? {} : { status: sandboxStatus },
      );
    case Code.AlreadyExists:
      return conflict(code, message);
    case Code.ResourceExhausted:
      return unavailable("no_hosts_available", `The host refused: ${message}`, cause);
    default:
      return new ApiError(502, "agent_error", `The sandbox's host failed: ${message}`, { cause });
  }
};

/** Awaits a call to a host; its failure is thrown as what the client is told. */
export const answered = async <T>(call: Promise<T>): Promise<T> => {
  try {
    return await call;
  } catch (thrown) {
    throw toClientError(readFailure(thrown));
  }
};
