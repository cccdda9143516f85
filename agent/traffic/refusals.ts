/**
 * Answers of the forwarder itself, in the form E2B clients know. A header tells them from answers that a
 * program in the sandbox gave.
 */
import { HOST_ERROR_HEADER } from "../../proto/host-errors.ts";
import { formatHexId } from "../../proto/ids.ts";

const own = (name: string) => ({ [HOST_ERROR_HEADER]: name });

export const badTarget = (): Response =>
  Response.json(
    { code: 400, message: "the path must be /traffic/{sandbox id}/{port}/…" },
    { status: 400, headers: own("invalid_request") },
  );

export const unauthorized = (): Response =>
  Response.json(
    { code: 401, message: "this call needs a token signed by the host's server" },
    { status: 401, headers: own("unauthenticated") },
  );

export const hidden = (): Response => Response.json({ code: 404, message: "not found" }, { status: 404 });

export const sandboxNotFound = (sandboxId: string): Response =>
  Response.json(
    { sandboxId: formatHexId(sandboxId), message: "The sandbox was not found", code: 502 },
    { status: 502, headers: own("sandbox_not_found") },
  );

/** So many requests are under way that one more would wait unseen for the end of others. */
export const tooMany = (sandboxId: string): Response =>
  Response.json(
    {
      sandboxId: formatHexId(sandboxId),
      message: "Too many requests to this sandbox are under way",
      code: 503,
    },
    { status: 503, headers: { ...own("busy"), "retry-after": "1" } },
  );

export const portClosed = (sandboxId: string, port: number): Response =>
  Response.json(
    {
      sandboxId: formatHexId(sandboxId),
      message: "The sandbox is running but port is not open",
      port,
      code: 502,
    },
    { status: 502, headers: own("guest_failed") },
  );

export const connectionLost = (sandboxId: string, port: number): Response =>
  Response.json(
    {
      sandboxId: formatHexId(sandboxId),
      message: "The connection to the sandbox's port broke before it had answered",
      port,
      code: 502,
    },
    { status: 502, headers: own("guest_failed") },
  );
