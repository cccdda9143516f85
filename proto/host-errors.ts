/**
 * What goes wrong on a host, by name. A Connect error of HostService carries the name in the header
 * `HOST_ERROR_HEADER`, so that the server decides by it and never by the sentence. Answers of the host
 * itself on `/traffic/…` carry the same headers; what a program in the sandbox answers never does.
 */

/** Metadata key of a Connect error: one of `HostErrorCode`. */
export const HOST_ERROR_HEADER = "wrenn-error";

/** Metadata key of a Connect error: the sandbox's status, where the error is about it. */
export const HOST_STATUS_HEADER = "wrenn-sandbox-status";

export const HOST_ERROR_CODES = [
  // not_found
  "sandbox_not_found",
  "template_not_found",
  // already_exists
  "sandbox_exists",
  "template_exists",
  // invalid_argument
  "invalid_request",
  // failed_precondition
  "invalid_state",
  "runtime_mismatch",
  "snapshot_refused",
  "template_in_use",
  // resource_exhausted: another host may do it
  "memory_full",
  "disk_full",
  "slots_full",
  "draining",
  "template_building",
  "busy",
  // internal
  "guest_failed",
  "vm_failed",
  // unimplemented
  "unsupported",
] as const;

export type HostErrorCode = (typeof HOST_ERROR_CODES)[number];
