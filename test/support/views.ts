/** What there is to see on a page of the dashboard, looked at as everybody may meet it. */
import type { Page } from "playwright-core";

import { findBarriers } from "./axe.ts";
import { keepScreenshot, type VisitOptions } from "./browser.ts";

/** One thing to see, and how to get there from the one before. */
export type View = readonly [name: string, show: (page: Page) => Promise<unknown>];

export const SIGHTS: readonly (Required<Pick<VisitOptions, "theme" | "width">> & { name: string })[] = [
  { name: "light, wide", theme: "light", width: 1280 },
  { name: "dark, wide", theme: "dark", width: 1280 },
  { name: "light, narrow", theme: "light", width: 360 },
  { name: "dark, narrow", theme: "dark", width: 360 },
];

/** What stands in somebody's way, by the view's name: what axe finds, and a page that scrolls sideways. */
export const findObstacles = async (
  page: Page,
  views: readonly View[],
  sight: string,
): Promise<Record<string, string[]>> => {
  const obstacles: Record<string, string[]> = {};
  for (const [name, show] of views) {
    await show(page);
    await keepScreenshot(page, `${name} ${sight}`);
    const found = await findBarriers(page);
    const isWide = await page.evaluate(
      () => document.documentElement.scrollWidth > document.documentElement.clientWidth,
    );
    if (isWide) found.push("scrolls sideways");
    if (found.length > 0) obstacles[name] = found;
  }
  return obstacles;
};
