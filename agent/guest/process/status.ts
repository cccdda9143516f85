/** How a process ended, in envd's words. */

export interface ProcessEnd {
  /** -1 when a signal ended it. */
  exitCode: number;
  /** True when it ended by itself. */
  exited: boolean;
  /** `exit status N` or `signal: killed`. */
  status: string;
  /** The same as `status` unless it ended well. */
  error?: string;
}

/** strsignal(3) names in the form E2B's clients know. */
const SIGNAL_NAMES: Readonly<Record<string, string>> = {
  SIGHUP: "hangup",
  SIGINT: "interrupt",
  SIGQUIT: "quit",
  SIGILL: "illegal instruction",
  SIGTRAP: "trace/breakpoint trap",
  SIGABRT: "aborted",
  SIGBUS: "bus error",
  SIGFPE: "floating point exception",
  SIGKILL: "killed",
  SIGUSR1: "user defined signal 1",
  SIGSEGV: "segmentation fault",
  SIGUSR2: "user defined signal 2",
  SIGPIPE: "broken pipe",
  SIGALRM: "alarm clock",
  SIGTERM: "terminated",
  SIGXCPU: "CPU time limit exceeded",
  SIGXFSZ: "file size limit exceeded",
};

/** From what `Bun.spawn` reports: one of the two is null. */
export const describeEnd = (exitCode: number | null, signal: string | null): ProcessEnd => {
  if (signal !== null) {
    const status = `signal: ${SIGNAL_NAMES[signal] ?? signal.toLowerCase()}`;
    return { exitCode: -1, exited: false, status, error: status };
  }
  const status = `exit status ${exitCode ?? -1}`;
  return exitCode === 0
    ? { exitCode: 0, exited: true, status }
    : { exitCode: exitCode ?? -1, exited: true, status, error: status };
};
