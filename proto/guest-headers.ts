/** What Wrenn's server may ask of its guest agent beyond E2B's contract, as headers of process.Process calls. */

/**
 * Of Connect: `true` sends the kept output (last 64 KB) before what is new, and finds processes that ended
 * up to 10 minutes ago instead of 30 seconds.
 */
export const REPLAY_HEADER = "wrenn-replay";

/** Of Start: seconds after its last viewer left, a terminal's process group gets SIGHUP. */
export const HANGUP_HEADER = "wrenn-hangup-after";
