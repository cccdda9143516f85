/** How much memory processes hold while something goes on. */

const SAMPLE_MS = 50;

const residentMb = async (pid: number): Promise<number> => {
  const status = await Bun.file(`/proc/${pid}/status`).text();
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  if (kilobytes === undefined) throw new Error(`process ${pid} has no VmRSS`);
  return Math.round(Number(kilobytes) / 1_024);
};

/** The most megabytes that each held at once during `work`. */
export const peakOf = async <Name extends string>(
  pids: Record<Name, number>,
  work: () => Promise<void>,
): Promise<Record<Name, number>> => {
  const peaks = { ...pids };
  const names = Object.keys(pids) as Name[];
  for (const name of names) peaks[name] = 0;
  const sample = async (): Promise<void> => {
    for (const name of names) peaks[name] = Math.max(peaks[name], await residentMb(pids[name]));
  };
  const over = new AbortController();
  const watch = async (): Promise<void> => {
    while (!over.signal.aborted) {
      await sample();
      await Bun.sleep(SAMPLE_MS);
    }
  };
  const watching = watch();
  try {
    await work();
  } finally {
    over.abort();
  }
  await watching;
  return peaks;
};
