/** Work that waits for the next frame, so that however much comes at once is shown at once. */

/** Frames are not drawn for a page in the background, and late where the processor has other work. */
const LATE_MS = 100;

/** Runs `work` with the next frame, or a little later without one. @returns takes it back */
export const withNextFrame = (work: () => void): (() => void) => {
  const run = (): void => {
    cancel();
    work();
  };
  const frame = requestAnimationFrame(run);
  const timer = setTimeout(run, LATE_MS);
  const cancel = (): void => {
    cancelAnimationFrame(frame);
    clearTimeout(timer);
  };
  return cancel;
};
