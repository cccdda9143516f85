/** What can be measured and by whom; names as they appear in the JSON file. */

export const CASES = [
  "create_to_healthy",
  "create_to_first_command",
  "tti_sequential",
  "tti_staggered",
  "tti_burst",
  "warm_exec",
  "warm_file",
  "pause_5mb",
  "pause_50mb",
  "pause_200mb",
  "resume_to_healthy",
  "fork",
  "fork_20",
  "fork_20_stopped",
  "burst_20",
  "sdk_exec",
  "sdk_file",
  "api_read",
  "api_read_team",
  "api_read_audit",
  "login_timing",
  "live_update",
  "memory_idle",
  "memory_after_first_command",
  "create_100th",
  "services_per_sandbox",
  "idle_cpu_agent",
  "idle_cpu_vm",
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

export type Unit = "ms" | "mb" | "per_s" | "percent";

const UNITS: Partial<Record<CaseName, Unit>> = {
  api_read: "per_s",
  api_read_team: "per_s",
  api_read_audit: "per_s",
  memory_idle: "mb",
  memory_after_first_command: "mb",
  services_per_sandbox: "mb",
  idle_cpu_agent: "percent",
  idle_cpu_vm: "percent",
};

/** Memory is in MB, reads are counted by the second, processor time is in % of one core, the rest is in ms. */
export const unitOf = (name: CaseName): Unit => UNITS[name] ?? "ms";
