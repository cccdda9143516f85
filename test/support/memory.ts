/** Resident memory of a process, now and at its highest. */

/** In bytes. */
const memoryOf = async (pid: number, field: "VmRSS" | "VmHWM"): Promise<number> => {
  const status = await Bun.file(`/proc/${pid}/status`).text();
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(status)?.[1]) * 1_024;
};

/** Peak memory starts anew; how far above what it is now it will have been is told later. */
export const watchMemory = async (pid: number): Promise<() => Promise<number>> => {
  await Bun.write(`/proc/${pid}/clear_refs`, "5");
  const before = await memoryOf(pid, "VmRSS");
  return async () => (await memoryOf(pid, "VmHWM")) - before;
};
