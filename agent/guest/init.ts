/** What must be renewed after every boot and restore, before the sandbox is handed out. */
import { recordIdentity, takeHostname } from "./clone-identity.ts";
import { problem } from "./http/problem.ts";
import { type InitOrder, InvalidInit, parseInit } from "./init-request.ts";
import { keepSettings } from "./kept-settings.ts";
import type { SandboxSettings } from "./settings.ts";
import { setWallClock } from "./system/clock.ts";
import { reseedKernel } from "./system/entropy.ts";

const MAX_BODY_BYTES = 4 * 1024 * 1024;

export interface InitTargets {
  settings: SandboxSettings;
  closeIdleConnections: () => void;
}

const apply = (order: InitOrder, { settings, closeIdleConnections }: InitTargets): void => {
  if (order.attemptId !== null && order.attemptId === settings.attemptId) return;
  const { identity } = order;
  setWallClock(order.timestamp);
  reseedKernel(order.entropy);
  if (identity) takeHostname(identity.hostname);
  // Whoever was connected before the restore is not there any more and will never say so.
  settings.streams.cutAll();
  // Now, while this request's own connection is not idle.
  closeIdleConnections();
  settings.attemptId = order.attemptId;
  settings.accessToken = order.accessToken;
  if (order.envVars !== null) settings.environment = order.envVars;
  if (order.defaultUser !== null) settings.users.setDefault(order.defaultUser);
  if (order.defaultWorkdir !== null) settings.workdir = order.defaultWorkdir;
  settings.afterwork.defer(() => {
    // After the reseed: the identity draws from the kernel's generator.
    if (identity) recordIdentity(identity);
    keepSettings(settings);
  });
};

/** As an HTTP status; the message of 204 is empty. */
export interface InitOutcome {
  status: 204 | 400 | 500;
  message: string;
}

const refused = (status: 400 | 500, message: string): InitOutcome => ({ status, message });

/**
 * 204 when nothing asked of this sandbox from now on can see its earlier life, 400 for a body that is wrong,
 * 500 when the kernel refused; then the log says why.
 * @param readBody the body, parsed; throws SyntaxError when it is not JSON
 */
export const initialize = (readBody: () => unknown, targets: InitTargets): InitOutcome => {
  try {
    apply(parseInit(readBody()), targets);
    return { status: 204, message: "" };
  } catch (error) {
    if (error instanceof InvalidInit) return refused(400, error.message);
    if (error instanceof SyntaxError) return refused(400, "the body is not JSON");
    console.error("init failed:", error);
    return refused(500, "the sandbox could not be initialised: see the guest agent's log");
  }
};

/** `POST /init`. */
export const handleInit = async (request: Request, targets: InitTargets): Promise<Response> => {
  if (Number(request.headers.get("content-length") ?? 0) > MAX_BODY_BYTES) {
    return problem(413, "the body is too large");
  }
  const text = await request.text();
  const { status, message } = initialize(() => JSON.parse(text) as unknown, targets);
  return status === 204 ? new Response(null, { status }) : problem(status, message);
};
