/**
 * Tells the host's own refusal of a traffic request from what a program in the sandbox answered. The host
 * marks its own by the header that its errors carry everywhere.
 */
import { Code, ConnectError } from "@connectrpc/connect";

import { readBoundedJson } from "../../proto/bounded-body.ts";
import {
  HOST_ERROR_CODES,
  HOST_ERROR_HEADER,
  HOST_STATUS_HEADER,
  type HostErrorCode,
} from "../../proto/host-errors.ts";

/** Connect's code for the names that a traffic request can meet; any other is the host's failure. */
const CODES: Partial<Record<HostErrorCode, Code>> = {
  sandbox_not_found: Code.NotFound,
  invalid_state: Code.FailedPrecondition,
  invalid_request: Code.InvalidArgument,
  busy: Code.ResourceExhausted,
};

/** The refusal as an error, its body consumed; null when the answer came from inside the sandbox. */
export const readRefusal = async (response: Response): Promise<ConnectError | null> => {
  const name = response.headers.get(HOST_ERROR_HEADER);
  if (name === null) return null;
  const code = HOST_ERROR_CODES.find((known) => known === name);
  const body: unknown = await readBoundedJson(response).catch(() => null);
  const message =
    typeof body === "object" && body !== null && "message" in body ? String(body.message) : name;
  const metadata = new Headers({ [HOST_ERROR_HEADER]: name });
  const status = response.headers.get(HOST_STATUS_HEADER);
  if (status !== null) metadata.set(HOST_STATUS_HEADER, status);
  return new ConnectError(message, (code && CODES[code]) ?? Code.Internal, metadata);
};
