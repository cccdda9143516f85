/** Which headers pass between the server and a sandbox: all but those of the connection itself. */
import { withoutHopByHop } from "../../proto/hop-by-hop.ts";
import { HOST_ERROR_HEADER, HOST_STATUS_HEADER } from "../../proto/host-errors.ts";

/** Proves the server to the agent; never shown to a sandbox. */
export const AGENT_AUTHORIZATION = "wrenn-authorization";

export const toGuestHeaders = (headers: Headers): Headers => {
  const kept = withoutHopByHop(headers);
  kept.delete(AGENT_AUTHORIZATION);
  return kept;
};

/** The names that mark the host's own errors are the host's alone: a program inside must not speak as the host. */
export const fromGuestHeaders = (headers: Headers): Headers => {
  const kept = withoutHopByHop(headers);
  for (const name of [HOST_ERROR_HEADER, HOST_STATUS_HEADER]) kept.delete(name);
  return kept;
};
