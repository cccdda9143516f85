/** Every scenario: which cases it yields and who takes part. */
import type { CaseName } from "../cases.ts";
import type { Runner } from "../rounds.ts";
import { apiReadRunners } from "./api-read.ts";
import type { BenchContext } from "./context.ts";
import { createRunners } from "./create.ts";
import { burst20Runners, fork20Runners } from "./crowd.ts";
import { forkRunners } from "./fork.ts";
import { hundredRunners } from "./hundred.ts";
import { liveUpdateRunners } from "./live-update.ts";
import { loginTimingRunners } from "./login-timing.ts";
import { memoryRunners } from "./memory.ts";
import { pauseRunners } from "./pause.ts";
import { sdkExecRunners, sdkFileRunners } from "./sdk.ts";
import { ttiRunners } from "./tti.ts";
import { warmExecRunners, warmFileRunners } from "./warm.ts";

export interface Scenario {
  title: string;
  cases: CaseName[];
  open(context: BenchContext): Promise<Runner[]>;
  warmUps: number;
  /** Of the repetitions asked for: some scenarios are many at once already. */
  runs(asked: number): number;
}

const WARM_UPS = 2;
/** Two medians are compared with each other: enough of each that a busy moment does not move one. */
const LOGIN_PAIRS = 40;
/** Judged by its 95th percentile. */
const LEAST_UPDATES = 30;

const each = (title: string, cases: CaseName[], open: Scenario["open"]): Scenario => ({
  title,
  cases,
  open,
  warmUps: WARM_UPS,
  runs: (asked) => asked,
});

/** Twenty sandboxes in each repetition: a quarter of the repetitions asked for will do. */
const crowd = (title: string, cases: CaseName[], open: Scenario["open"]): Scenario => ({
  ...each(title, cases, open),
  warmUps: 1,
  runs: (asked) => Math.ceil(asked / 4),
});

/** All repetitions in one. */
const atOnce = (title: string, cases: CaseName[], open: Scenario["open"]): Scenario => ({
  ...each(title, cases, open),
  warmUps: 0,
  runs: () => 1,
});

export const SCENARIOS: readonly Scenario[] = [
  each("create", ["create_to_healthy", "create_to_first_command"], createRunners),
  atOnce("to the first command, one after the other", ["tti_sequential"], ttiRunners("tti_sequential")),
  atOnce("to the first command, 200 ms apart", ["tti_staggered"], ttiRunners("tti_staggered")),
  atOnce("to the first command, all at once", ["tti_burst"], ttiRunners("tti_burst")),
  each("warm exec", ["warm_exec"], warmExecRunners),
  each("warm file", ["warm_file"], warmFileRunners),
  each("pause and resume", ["pause_5mb", "resume_to_healthy"], pauseRunners("pause_5mb")),
  each("pause, 50 MB dirty", ["pause_50mb"], pauseRunners("pause_50mb")),
  each("pause, 200 MB dirty", ["pause_200mb"], pauseRunners("pause_200mb")),
  each("fork", ["fork"], forkRunners),
  crowd("fork of 20", ["fork_20", "fork_20_stopped"], fork20Runners),
  crowd("burst of 20", ["burst_20"], burst20Runners),
  each("the e2b package: a command", ["sdk_exec"], sdkExecRunners),
  each("the e2b package: a small file", ["sdk_file"], sdkFileRunners),
  { ...each("sign-in timing", ["login_timing"], loginTimingRunners), runs: () => LOGIN_PAIRS },
  {
    ...each("live updates", ["live_update"], liveUpdateRunners),
    runs: (asked) => Math.max(asked, LEAST_UPDATES),
  },
  each("reads of sandboxes", ["api_read"], apiReadRunners("api_read")),
  each("reads of a team", ["api_read_team"], apiReadRunners("api_read_team")),
  each("reads of the audit trail", ["api_read_audit"], apiReadRunners("api_read_audit")),
  atOnce("memory of 20", ["memory_idle", "memory_after_first_command"], memoryRunners),
  atOnce(
    "a hundred that do nothing",
    ["create_100th", "services_per_sandbox", "idle_cpu_agent", "idle_cpu_vm"],
    hundredRunners,
  ),
];
