import { expect, test } from "bun:test";

import { Code, ConnectError } from "@connectrpc/connect";

import { HOST_ERROR_HEADER, HOST_STATUS_HEADER, type HostErrorCode } from "../../proto/host-errors.ts";
import { anotherHostMay, readFailure, toClientError } from "./failures.ts";

const failure = (code: Code, name?: HostErrorCode, status?: string) =>
  readFailure(
    new ConnectError("because", code, {
      ...(name ? { [HOST_ERROR_HEADER]: name } : {}),
      ...(status ? { [HOST_STATUS_HEADER]: status } : {}),
    }),
  );

const cases: [Code, HostErrorCode | undefined, number, string][] = [
  [Code.NotFound, "sandbox_not_found", 404, "sandbox_not_found"],
  [Code.NotFound, undefined, 404, "sandbox_not_found"],
  [Code.NotFound, "template_not_found", 404, "template_not_found"],
  [Code.FailedPrecondition, undefined, 409, "invalid_state"],
  [Code.FailedPrecondition, "invalid_state", 409, "invalid_state"],
  [Code.FailedPrecondition, "snapshot_refused", 409, "snapshot_refused"],
  [Code.AlreadyExists, "template_exists", 409, "template_exists"],
  [Code.InvalidArgument, "invalid_request", 400, "invalid_request"],
  [Code.ResourceExhausted, "memory_full", 503, "no_hosts_available"],
  [Code.ResourceExhausted, "disk_full", 507, "disk_full"],
  [Code.Unavailable, undefined, 503, "host_unreachable"],
  [Code.Unknown, undefined, 503, "host_unreachable"],
  [Code.DeadlineExceeded, undefined, 504, "agent_timeout"],
  [Code.Internal, "vm_failed", 502, "agent_error"],
  [Code.Unimplemented, "unsupported", 502, "agent_error"],
];
for (const [code, name, status, told] of cases) {
  test(`${Code[code]} ${name ?? "(unnamed)"} → ${status} ${told}`, () => {
    const error = toClientError(failure(code, name));
    expect([error.status, error.code]).toEqual([status, told]);
  });
}

test("a wrong state names the state", () => {
  const error = toClientError(failure(Code.FailedPrecondition, "invalid_state", "paused"));
  expect(error.details).toEqual({ status: "paused" });
});

test("what may have been done is told apart from what was not", () => {
  expect(failure(Code.Unavailable).kind).toBe("unreachable");
  expect(failure(Code.DeadlineExceeded).kind).toBe("unknown");
  expect(failure(Code.Unknown).kind).toBe("unknown");
  expect(failure(Code.Internal, "vm_failed").kind).toBe("refused");
});

test("only a lack of resources, files or connection moves on to another host", () => {
  expect(anotherHostMay(failure(Code.ResourceExhausted, "slots_full"))).toBe(true);
  expect(anotherHostMay(failure(Code.Unavailable))).toBe(true);
  expect(anotherHostMay(failure(Code.NotFound, "template_not_found"))).toBe(true);
  expect(anotherHostMay(failure(Code.DeadlineExceeded))).toBe(false);
  expect(anotherHostMay(failure(Code.Internal, "guest_failed"))).toBe(false);
});
