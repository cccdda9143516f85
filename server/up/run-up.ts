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
import type { StartOptions } from "./start-options.ts";
import { startAll, type Started } from "./start.ts";
import { formatSeconds, type Steps } from "./steps.ts";
import { type StopSignals, watchStopSignals } from "./stop-signals.ts";

/** How long an interrupted step may take to notice that what it works with is gone. */
const INTERRUPTED_STEP_MS = 3_000;

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

const tellTimes = (steps: Steps): void => {
  const { totalMs, downloadMs } = steps.times();
  const download = downloadMs >= 50 ? `, and ${formatSeconds(downloadMs)} of downloads` : "";
  steps.say(`done in ${formatSeconds(totalMs)}${download}`);
};

/** No step begins once `up` is to end: what it would start, nobody would stop. */
const untilStopped = (steps: Steps, isStopping: () => boolean): Steps => ({
  ...steps,
  run: async (title, work) => {
    if (isStopping()) throw new CommandFailure("interrupted", "stopped before everything was up");
    return steps.run(title, work);
  },
});

const tellReady = async (started: Started, paths: DataPaths, steps: Steps): Promise<void> => {
  const firstRun = readFirstRun(paths.firstRun);
  const isNew = firstRun !== null && !firstRun.isShown;
  steps.say(describeReady(started.ready, paths, { showPassword: isNew }));
  if (isNew) await writeFirstRun(paths.firstRun, { ...firstRun, isShown: true });
};

/** Starts, proves, and stays up until asked to end (a smoke test ends by itself). */
const work = async (
  flags: UpFlags,
  options: StartOptions & { signals: StopSignals; onUp: () => void },
): Promise<void> => {
  const { paths, steps, signals, onUp } = options;
  const started = await startAll(options);
  if (flags.smoke) return Promise.race([smokeTest(started.api, steps), started.failed]);
  await Promise.race([selfTest(started.api, steps), started.failed]);
  if (flags.readyFile !== null) await writeReadyFile(flags.readyFile, started.ready);
  tellTimes(steps);
  await tellReady(started, paths, steps);
  onUp();
  const why = await Promise.race([signals.requested, started.failed]);
  steps.say(`\nstopping (${why}); sandboxes are paused and kept`);
};

/** Resolves to the exit code, with everything stopped. Throws `CommandFailure` and unexpected errors. */
export const runUp = async (flags: UpFlags, steps: Steps): Promise<number> => {
  const { paths, lock } = takeDirectory(flags);
  const listen = chooseListen(flags.port ?? (flags.smoke ? 0 : null));
  if (flags.readyFile !== null) removeReadyFile(flags.readyFile);
  const signals = watchStopSignals();
  const state = { isUp: false, isStopping: false };
  const interrupted = signals.requested.then(async (why) => {
    state.isStopping = true;
    // Once it is up, the request is what it waits for.
    if (state.isUp) return new Promise<never>(() => {});
    throw new CommandFailure("interrupted", `stopped by ${why} before everything was up`);
  });
  interrupted.catch(() => {});
  const closers: (() => Promise<void>)[] = [];
  const working = work(flags, {
    paths,
    listen,
    hosts: flags.hosts,
    closers,
    signals,
    steps: untilStopped(steps, () => state.isStopping),
    hurried: signals.hurried,
    onUp: () => {
      state.isUp = true;
    },
  });
  try {
    await Promise.race([working, interrupted]);
    return 0;
  } finally {
    state.isStopping = true;
    if (flags.readyFile !== null) removeReadyFile(flags.readyFile);
    await steps.run("stop", async () => {
      await closeAll(closers, steps);
      // An interrupted step may have been about to start something.
      await Promise.race([working.catch(() => {}), Bun.sleep(INTERRUPTED_STEP_MS)]);
      await closeAll(closers, steps);
    });
    lock.release();
    if (flags.smoke) tellTimes(steps);
  }
};
