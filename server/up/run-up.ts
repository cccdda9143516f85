/** `up` from its flags to its exit code. */
import {
  type DataPaths,
  defaultDirectory,
  lockDirectory,
  prepareDirectory,
  tryLockDirectory,
} from "./data-directory.ts";
import { CommandFailure, describeError } from "./failure.ts";
import { readFirstRun, writeFirstRun } from "./first-run.ts";
import type { UpFlags } from "./flags.ts";
import type { DirectoryLock } from "./lock.ts";
import { describeReady, removeReadyFile, writeReadyFile } from "./ready.ts";
import { chooseListen } from "./server-child.ts";
import { selfTest, smokeTest } from "./smoke.ts";
import { startAll, type Started } from "./start.ts";
import { formatSeconds, type Steps } from "./steps.ts";
import { type StopSignals, watchStopSignals } from "./stop-signals.ts";

/**
 * The data directory, locked. A smoke test beside a running `up` gets a directory of its own next to the
 * default one, kept so that the next such test is quick too.
 */
const takeDirectory = (flags: UpFlags): { paths: DataPaths; lock: DirectoryLock } => {
  const paths = prepareDirectory(flags.dir ?? defaultDirectory());
  if (flags.smoke && flags.dir === null) {
    const lock = tryLockDirectory(paths);
    if (lock !== null) return { paths, lock };
    const beside = prepareDirectory(`${paths.root}-smoke`);
    return { paths: beside, lock: lockDirectory(beside) };
  }
  return { paths, lock: lockDirectory(paths) };
};

/** In reverse order of their start; one that fails does not keep the others up. */
const closeAll = async (closers: (() => Promise<void>)[], steps: Steps): Promise<void> => {
  for (let close = closers.pop(); close !== undefined; close = closers.pop()) {
    await close().catch((error: unknown) => steps.say(`while stopping: ${describeError(error)}`));
  }
};

const stayUp = async (started: Started, signals: StopSignals, steps: Steps): Promise<void> => {
  const why = await Promise.race([signals.requested, started.failed]);
  steps.say(`\nstopping (${why}); sandboxes are paused and kept`);
};

const tellTimes = (steps: Steps): void => {
  const { totalMs, downloadMs } = steps.times();
  const download = downloadMs >= 50 ? `, and ${formatSeconds(downloadMs)} of downloads` : "";
  steps.say(`done in ${formatSeconds(totalMs)}${download}`);
};

/** Resolves to the exit code, with everything stopped. Throws `CommandFailure` and unexpected errors. */
export const runUp = async (flags: UpFlags, steps: Steps): Promise<number> => {
  if (flags.readyFile !== null) removeReadyFile(flags.readyFile);
  const { paths, lock } = takeDirectory(flags);
  const listen = chooseListen(flags.port ?? (flags.smoke ? 0 : null));
  const signals = watchStopSignals();
  const interrupted = signals.requested.then((why) => {
    throw new CommandFailure("interrupted", `stopped by ${why} before everything was up`);
  });
  interrupted.catch(() => {});
  let isHurried = false;
  void signals.hurried.then(() => {
    isHurried = true;
  });
  const closers: (() => Promise<void>)[] = [];
  const work = async (): Promise<void> => {
    const started = await Promise.race([
      startAll({ paths, listen, steps, closers, isHurried: () => isHurried }),
      interrupted,
    ]);
    if (flags.smoke) {
      await Promise.race([smokeTest(started.api, steps), started.failed, interrupted]);
      return;
    }
    await Promise.race([selfTest(started.api, steps), started.failed, interrupted]);
    if (flags.readyFile !== null) await writeReadyFile(flags.readyFile, started.ready);
    tellTimes(steps);
    const firstRun = readFirstRun(paths.firstRun);
    const isNew = firstRun !== null && !firstRun.isShown;
    steps.say(describeReady(started.ready, paths, { showPassword: isNew }));
    if (isNew) await writeFirstRun(paths.firstRun, { ...firstRun, isShown: true });
    await stayUp(started, signals, steps);
  };
  try {
    await work();
    return 0;
  } finally {
    await steps.run("stop", () => closeAll(closers, steps));
    lock.release();
    if (flags.smoke) tellTimes(steps);
  }
};
