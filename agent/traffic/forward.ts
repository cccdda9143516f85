/** One HTTP request into a sandbox, streamed both ways, its bytes untouched. */
import { GUEST_PORT } from "../../proto/guest-port.ts";
import type { Expiry } from "../sandboxes/expiry.ts";
import type { Sandbox } from "../sandboxes/sandbox.ts";
import { openStream } from "../sandboxes/streams.ts";
import { isShort, observeEnd, readWhole } from "./answer-body.ts";
import { isRefused } from "./dial.ts";
import { fromGuestHeaders } from "./headers.ts";
import { connectionLost, portClosed, sandboxNotFound } from "./refusals.ts";
import { send } from "./send.ts";
import type { TrafficTarget } from "./target.ts";

/** Ends both sides of a stream abruptly. Bun prints what breaks a response: a plain sentence is enough. */
const RESET_REASON = "a stream was reset: its sandbox was paused or ended";

/** Answers 502 where the sandbox or its port is not there; afterwards the guest's answer, as it comes. */
export const forwardRequest = async (
  request: Request,
  sandbox: Sandbox,
  target: TrafficTarget,
  expiry: Expiry,
): Promise<Response> => {
  const { live } = sandbox;
  if (live === null || !sandbox.accepting) return sandboxNotFound(target.sandboxId);
  const reset = new AbortController();
  const signal = AbortSignal.any([request.signal, reset.signal]);
  const onEnd = openStream(sandbox, expiry, { abort: () => reset.abort(RESET_REASON) });
  let answered = false;
  try {
    const response = await send(request, sandbox, live.slot.address, target, signal);
    answered = true;
    const headers = fromGuestHeaders(response.headers);
    const { status, statusText, body } = response;
    if (body === null || (target.port === GUEST_PORT && isShort(response))) {
      const whole = body && (await readWhole(response));
      onEnd();
      return new Response(whole, { status, statusText, headers });
    }
    return new Response(observeEnd(body, onEnd), { status, statusText, headers });
  } catch (error) {
    onEnd();
    // The guest has done what was asked: nobody may take it for a sandbox to be woken and asked again.
    if (answered) return connectionLost(target.sandboxId, target.port);
    if (isRefused(error)) return portClosed(target.sandboxId, target.port);
    if (reset.signal.aborted) return sandboxNotFound(target.sandboxId);
    return connectionLost(target.sandboxId, target.port);
  }
};
