/**
 * How fast the hosts of a test live: seconds stand for minutes in the suite, `bun run soak` takes the times
 * that operators have.
 */
import { waitFor } from "./wait-for.ts";

const isSoak = process.env["WRENN_TEST_SOAK"] === "1";

export const PACE = isSoak
  ? { heartbeatMs: 30_000, staleMs: 90_000, monitorMs: 15_000, cutMs: 200_000, outageMs: 180_000 }
  : { heartbeatMs: 500, staleMs: 1_500, monitorMs: 300, cutMs: 6_000, outageMs: 6_000 };

/** For what follows within some rounds of beats, stale times and the monitor. */
export const SETTLE_MS = isSoak ? 600_000 : 60_000;

/** Asking takes from the machine on which all of it happens. */
const POLL_MS = 50;

/** Waits for what follows within that time. */
export const settle = (what: string, check: () => boolean | Promise<boolean>): Promise<void> =>
  waitFor(what, check, SETTLE_MS, POLL_MS);
/** What a browser sends and takes at once, in MB. */
export const TRANSFER_MB = isSoak ? 200 : 20;

/** Of a single test. */
export const TEST_MS = isSoak ? 1_800_000 : 180_000;

/** For the server and for agents alike. */
export const PACE_ENV = {
  WRENN_HEARTBEAT_MS: String(PACE.heartbeatMs),
  WRENN_STALE_MS: String(PACE.staleMs),
  WRENN_MONITOR_MS: String(PACE.monitorMs),
};
