/**
 * The API for pages: typed by the server's routes, signed by the session. The one place for expired tokens
 * (renewed once, unseen) and for requests that may safely be sent again.
 */
import { ApiFailure } from "./api/failure.ts";
import type { Answer, RouteName } from "./api/routes.ts";
import { type Input, send } from "./api/send.ts";
import { session } from "./state/session.ts";

/** Pauses before a read is sent again because no answer came. */
const RETRY_PAUSES_MS = [250, 1_000];

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const isLost = (error: unknown): boolean => error instanceof ApiFailure && error.status === 0;

const signed = <Name extends RouteName>(route: Name, input: Input<Name>): Promise<Answer<Name>> =>
  send(route, { ...input, headers: { ...input.headers, authorization: `Bearer ${session.token}` } });

const renewing = async <Name extends RouteName>(route: Name, input: Input<Name>): Promise<Answer<Name>> => {
  const { token } = session;
  try {
    return await signed(route, input);
  } catch (error) {
    if (!(error instanceof ApiFailure) || error.status !== 401) throw error;
    // Another request may have renewed it meanwhile.
    const isFresh = session.token !== null && session.token !== token;
    if (!isFresh && !(await session.renew())) throw error;
    return signed(route, input);
  }
};

/**
 * `call("POST /v1/sandboxes/:id/pause", { params: { id } })`. Throws `ApiFailure`; when the session has ended,
 * the shell has gone to the login page by then.
 */
export const call = async <Name extends RouteName>(
  route: Name,
  input: Input<Name> = {},
): Promise<Answer<Name>> => {
  const pauses = route.startsWith("GET ") ? [...RETRY_PAUSES_MS] : [];
  for (;;) {
    try {
      return await renewing(route, input);
    } catch (error) {
      const pauseMs = pauses.shift();
      if (pauseMs === undefined || !isLost(error)) throw error;
      await pause(pauseMs);
    }
  }
};
