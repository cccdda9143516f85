/**
 * How many requests a forwarder has under way at once. Bun's fetch queues what exceeds its own number, without a
 * word and for as long as the others last: some of it is kept free for the calls that keep everything running.
 */

/** Bun's default. Everything that starts a server or an agent for good sets more. */
const DEFAULT_REQUESTS = 256;
const SHARE = 3 / 4;

/** The variable that Bun reads when a process starts. */
export const MAX_REQUESTS_VARIABLE = "BUN_CONFIG_MAX_HTTP_REQUESTS";

/** For a server or an agent that is started for good. */
export const MANY_REQUESTS = "16384";

export const forwardLimit = (env: Readonly<Record<string, string | undefined>>): number => {
  const requests = Number(env[MAX_REQUESTS_VARIABLE]);
  return Math.floor((Number.isInteger(requests) && requests > 0 ? requests : DEFAULT_REQUESTS) * SHARE);
};
