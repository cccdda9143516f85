/** What the server itself answers on a sandbox's behalf, in the form E2B clients know. */
import { formatHexId } from "../../proto/ids.ts";
import { type ApiError, toApiError } from "../errors.ts";
import type { PortRef } from "./target.ts";

export const badTarget = (message: string): Response =>
  Response.json({ code: 400, message }, { status: 400 });

/** It never was, is gone, or is paused and may not be resumed by traffic. */
export const sandboxNotFound = (sandboxId: string): Response =>
  Response.json(
    { sandboxId: formatHexId(sandboxId), message: "The sandbox was not found", code: 502 },
    { status: 502 },
  );

/** It exists, and cannot be reached just now. */
export const unreachable = (sandboxId: string, message: string): Response =>
  Response.json({ sandboxId: formatHexId(sandboxId), message, code: 502 }, { status: 502 });

export const privatePort = ({ sandboxId, port }: PortRef): Response =>
  Response.json(
    {
      sandboxId: formatHexId(sandboxId),
      message: `Port ${port} of this sandbox is private: send e2b-traffic-access-token, the team's API key or a preview link's token`,
      port,
      code: 403,
    },
    { status: 403 },
  );

/** Anything thrown on the way: a missing database, a rate limit. */
export const failed = (thrown: unknown): { response: Response; error: ApiError } => {
  const error = toApiError(thrown);
  const { status, message, headers } = error;
  return { response: Response.json({ code: status, message }, { status, headers }), error };
};
