/** The ways `up`, `down`, `install-service`, `backup` and `restore` end early, each with a sentence that says what to do. */

export type FailureCode =
  | "bad_flag"
  | "dependencies"
  | "missing_packages"
  | "missing_rights"
  | "directory_unusable"
  | "already_running"
  | "port_taken"
  | "build_failed"
  | "child_died"
  | "api_refused"
  | "deadline"
  | "smoke_failed"
  | "tool_failed"
  | "address_taken"
  | "backup_refused"
  | "no_systemd"
  | "bad_setting"
  | "interrupted";

/** Shown to the operator as it is; the process then exits with `exitCode`. */
export class CommandFailure extends Error {
  override name = "CommandFailure";
  constructor(
    readonly code: FailureCode,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }

  /** 2 for a mistake on the command line, 130 for Ctrl-C, else 1. */
  get exitCode(): number {
    if (this.code === "bad_flag") return 2;
    return this.code === "interrupted" ? 130 : 1;
  }
}

/** The message of anything thrown, with its causes, for one line of output. */
export const describeError = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  if (error.cause === undefined) return error.message;
  return `${error.message} (${describeError(error.cause)})`;
};

/** Print why `command` failed and leave. Unexpected errors keep their stack. */
export const exitWith = (command: string, error: unknown): never => {
  if (error instanceof CommandFailure) {
    console.error(`${command}: ${describeError(error)}`);
    process.exit(error.exitCode);
  }
  console.error(`${command}: unexpected error`, error);
  process.exit(1);
};
