/** How quick a page of the dashboard is, as the browser itself sees it: first rows, long tasks, frames, memory. */
import type { Page } from "playwright-core";

interface Noted {
  /** Since the navigation began; null: not yet. */
  firstRowMs: number | null;
  longTasksMs: number[];
}

/** On every page that is opened from now on. */
export const notePace = async (page: Page): Promise<void> => {
  await page.addInitScript(() => {
    const noted: Noted = { firstRowMs: null, longTasksMs: [] };
    Object.assign(globalThis, { noted });
    new PerformanceObserver((list) => {
      noted.longTasksMs.push(...list.getEntries().map(({ duration }) => duration));
    }).observe({ type: "longtask", buffered: true });
    const inside = (from: Element | null | undefined, selector: string): Element | null | undefined =>
      from?.shadowRoot?.querySelector(selector);
    const look = (): void => {
      const frame = inside(inside(document.querySelector("wr-app"), "wr-shell"), "wr-page-frame");
      const row = inside(inside(inside(frame, "*"), "wr-table"), '.body [role="row"]');
      if (row) noted.firstRowMs = performance.now();
      else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });
};

const readNoted = (page: Page): Promise<Noted> =>
  page.evaluate(() => (globalThis as unknown as { noted: Noted }).noted);

/** From the navigation's begin to the frame with the first row, in ms. */
export const firstRowMs = async (page: Page): Promise<number> => {
  await page.waitForFunction(() => (globalThis as unknown as { noted: Noted }).noted.firstRowMs !== null);
  return (await readNoted(page)).firstRowMs ?? 0;
};

/** Of 50 ms and more, in ms, since the page was opened. */
export const longTasksMs = async (page: Page): Promise<number[]> => (await readNoted(page)).longTasksMs;

/** Scrolls down by so much each frame. @returns how long each frame took, in ms */
export const scrollFramesMs = (
  page: Page,
  { stepPx, frames }: { stepPx: number; frames: number },
): Promise<number[]> =>
  page.evaluate(
    ([step, count]) =>
      new Promise<number[]>((resolve) => {
        const took: number[] = [];
        let last: number | null = null;
        const next = (now: number): void => {
          if (last !== null) took.push(now - last);
          last = now;
          if (took.length >= count) return resolve(took);
          scrollBy(0, step);
          requestAnimationFrame(next);
        };
        requestAnimationFrame(next);
      }),
    [stepPx, frames] as const,
  );

/** What the page's scripts hold after everything else was let go, in MB. */
export const heapMb = async (page: Page): Promise<number> => {
  const devTools = await page.context().newCDPSession(page);
  try {
    await devTools.send("HeapProfiler.collectGarbage");
    const { usedSize } = await devTools.send("Runtime.getHeapUsage");
    return usedSize / 2 ** 20;
  } finally {
    await devTools.detach();
  }
};
