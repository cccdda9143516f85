/** Who may reach a port of a sandbox. The guest agent's port is open: the guest agent itself asks for its token. */
import { GUEST_PORT } from "../../proto/guest-port.ts";
import type { Guards } from "../auth/context.ts";
import { equalSecrets } from "../auth/secrets.ts";
import { ApiError } from "../errors.ts";
import { hashKey } from "../keys/key-format.ts";
import { TRAFFIC_TOKEN_HEADER } from "./headers.ts";
import type { TrafficSandbox } from "./store.ts";

export interface AccessDeps {
  guards: Pick<Guards, "authenticate">;
  /** Opens a sandbox's private ports; takes the bare UUID. */
  trafficToken: (sandboxId: string) => string;
}

/** With a key of the sandbox's team that may use sandboxes. Throws 429 when its bearer guesses too much. */
const hasTeamKey = async (
  { guards }: AccessDeps,
  sandbox: TrafficSandbox,
  request: Request,
): Promise<boolean> => {
  const apiKey = request.headers.get("x-api-key");
  // Programs in sandboxes have keys of their own in this header.
  if (apiKey === null || hashKey(apiKey) === null) return false;
  try {
    const access = { scopes: ["sandboxes"], readable: false, method: request.method } as const;
    const caller = await guards.authenticate({ request }, { apiKey }, access);
    return caller.teamId === sandbox.teamId;
  } catch (error) {
    if (error instanceof ApiError && (error.status === 401 || error.status === 403)) return false;
    throw error;
  }
};

/** Whether the request's head opens the port; a preview link's token is looked at elsewhere. */
export const mayReach = async (
  deps: AccessDeps,
  sandbox: TrafficSandbox,
  port: number,
  request: Request,
): Promise<boolean> => {
  if (port === GUEST_PORT || sandbox.publicPorts) return true;
  const token = request.headers.get(TRAFFIC_TOKEN_HEADER);
  if (token !== null && equalSecrets(token, deps.trafficToken(sandbox.id))) return true;
  return hasTeamKey(deps, sandbox, request);
};
