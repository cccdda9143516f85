/** The agent's errors as Connect errors: a code for the transport, the name in a header. */
import { Code, ConnectError } from "@connectrpc/connect";

import { HOST_ERROR_HEADER, HOST_STATUS_HEADER, type HostErrorCode } from "../../proto/host-errors.ts";
import { describeError } from "../errors.ts";
import { asAgentError } from "../sandboxes/error-names.ts";
import type { Logger } from "../system/log.ts";

const CODES: Record<HostErrorCode, Code> = {
  sandbox_not_found: Code.NotFound,
  template_not_found: Code.NotFound,
  sandbox_exists: Code.AlreadyExists,
  template_exists: Code.AlreadyExists,
  invalid_request: Code.InvalidArgument,
  invalid_state: Code.FailedPrecondition,
  runtime_mismatch: Code.FailedPrecondition,
  snapshot_refused: Code.FailedPrecondition,
  template_in_use: Code.FailedPrecondition,
  memory_full: Code.ResourceExhausted,
  disk_full: Code.ResourceExhausted,
  slots_full: Code.ResourceExhausted,
  draining: Code.ResourceExhausted,
  template_building: Code.ResourceExhausted,
  busy: Code.ResourceExhausted,
  guest_failed: Code.Internal,
  vm_failed: Code.Internal,
  unsupported: Code.Unimplemented,
};

/** Logs what the caller cannot act on, with its causes; the caller gets a sentence without inner detail. */
export const toConnectError = (thrown: unknown, method: string, log: Logger): ConnectError => {
  if (thrown instanceof ConnectError) return thrown;
  const error = asAgentError(thrown);
  if (error === null || CODES[error.code] === Code.Internal) {
    log.error("call_failed", { method, error: describeError(thrown) });
  } else {
    log.info("call_refused", { method, code: error.code, message: error.message });
  }
  if (error === null) return new ConnectError("the host failed; its log says why", Code.Internal);
  const metadata = new Headers({ [HOST_ERROR_HEADER]: error.code });
  if (error.status !== undefined) metadata.set(HOST_STATUS_HEADER, error.status);
  return new ConnectError(error.message, CODES[error.code], metadata);
};
