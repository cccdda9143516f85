/** Runs another process in the place of this one: its terminal, its signals, its exit code. */

export const STOP_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Resolves to the exit code. */
export const runInstead = async (argv: string[], extra: Record<string, string> = {}): Promise<number> => {
  const child = Bun.spawn(argv, {
    stdin: "inherit",
    stdout: "inherit",
    stderr: "inherit",
    env: { ...process.env, ...extra },
  });
  for (const name of STOP_SIGNALS) process.on(name, () => child.kill(name));
  return child.exited;
};

/** This very command once more: interpreter, its flags, module and arguments. */
export const ownCommand = (): string[] => [
  process.execPath,
  "--no-env-file",
  "--no-install",
  ...process.argv.slice(1),
];
