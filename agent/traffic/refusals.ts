/** Answers of the forwarder itself, in the form E2B clients know. */
import { formatHexId } from "../../proto/ids.ts";

export const badTarget = (): Response =>
  Response.json(
    { code: 400, message: "the path must be /traffic/{sandbox id}/{port}/…" },
    { status: 400 },
  );

export const unauthorized = (): Response =>
  Response.json(
    { code: 401, message: "this call needs a token signed by the host's server" },
    { status: 401 },
  );

export const hidden = (): Response => Response.json({ code: 404, message: "not found" }, { status: 404 });

export const sandboxNotFound = (sandboxId: string): Response =>
  Response.json(
    { sandboxId: formatHexId(sandboxId), message: "The sandbox was not found", code: 502 },
    { status: 502 },
  );

export const portClosed = (sandboxId: string, port: number): Response =>
  Response.json(
    {
      sandboxId: formatHexId(sandboxId),
      message: "The sandbox is running but port is not open",
      port,
      code: 502,
    },
    { status: 502 },
  );

export const connectionLost = (sandboxId: string, port: number): Response =>
  Response.json(
    {
      sandboxId: formatHexId(sandboxId),
      message: "The connection to the sandbox's port broke before it answered",
      port,
      code: 502,
    },
    { status: 502 },
  );
