/** `POST /init`: what must be renewed after every boot and restore, before the sandbox is handed out. */
import { takeIdentity } from "./clone-identity.ts";
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
  setWallClock(order.timestamp);
  reseedKernel(order.entropy);
  // After the reseed: the identity draws from the kernel's generator.
  if (order.identity) takeIdentity(order.identity);
  // Whoever was connected before the restore is not there any more and will never say so.
  settings.streams.cutAll();
  closeIdleConnections();
  settings.attemptId = order.attemptId;
  settings.accessToken = order.accessToken;
  if (order.envVars !== null) settings.environment = order.envVars;
  if (order.defaultUser !== null) settings.users.setDefault(order.defaultUser);
  if (order.defaultWorkdir !== null) settings.workdir = order.defaultWorkdir;
  keepSettings(settings);
};

/** 204 when all of it is done, 400 for a body that is wrong, 500 when the kernel refused; then the log says why. */
export const handleInit = async (request: Request, targets: InitTargets): Promise<Response> => {
  if (Number(request.headers.get("content-length") ?? 0) > MAX_BODY_BYTES) {
    return problem(413, "the body is too large");
  }
  try {
    apply(parseInit(await request.json()), targets);
    return new Response(null, { status: 204 });
  } catch (error) {
    if (error instanceof InvalidInit) return problem(400, error.message);
    if (error instanceof SyntaxError) return problem(400, "the body is not JSON");
    console.error("init failed:", error);
    return problem(500, "the sandbox could not be initialised: see the guest agent's log");
  }
};
