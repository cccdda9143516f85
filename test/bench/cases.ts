/** What can be measured and by whom; names as they appear in the JSON file. */

export const CASES = [
  "create_to_healthy",
  "create_to_first_command",
  "warm_exec",
  "warm_file",
  "pause_5mb",
  "pause_50mb",
  "pause_200mb",
  "resume_to_healthy",
  "fork",
  "fork_20",
  "burst_20",
  "sdk_exec",
  "sdk_file",
  "api_read",
  "api_read_team",
  "api_read_audit",
  "login_timing",
  "memory_after_first_command",
] as const;
export type CaseName = (typeof CASES)[number];

export const isCase = (text: string): text is CaseName => CASES.some((name) => name === text);

/**
 * - `wrenn`: from the HTTP client's request to its answer read.
 * - `wrenn_unpaced`: the same without waiting for the spares that creates claim.
 * - `wrenn_agent`: the same operation as the agent's log times it, without server and client.
 * - `floor`: a bare script that does the same with the same files, see `floor/`.
 * - `floor_init`: the floor up to the end of the `/init` that every sandbox handed out has had.
 * - `gvisor`: wall time of `runsc do`.
 * - `direct`: the same request straight to the guest agent, or the bare framework with one query.
 * - `known_email`, `unknown_email`: the address a sign-in with a wrong password is tried with.
 */
export const SUBJECTS = [
  "wrenn",
  "wrenn_unpaced",
  "wrenn_agent",
  "floor",
  "floor_init",
  "gvisor",
  "direct",
  "known_email",
  "unknown_email",
] as const;
export type SubjectName = (typeof SUBJECTS)[number];

export type Unit = "ms" | "mb" | "per_s";

/** Memory is in MB, reads are counted by the second, everything else is in ms. */
export const unitOf = (name: CaseName): Unit => {
  if (name === "memory_after_first_command") return "mb";
  return name.startsWith("api_read") ? "per_s" : "ms";
};
