/** A list that cannot be read, until somebody asks for it again. */
import type { Page } from "playwright-core";

/** What the server says meanwhile. */
export const AWAY = "It is away.";

const wasAsked = (page: Page): Promise<boolean> =>
  page.evaluate(() => document.documentElement.dataset["asked"] === "yes").catch(() => false);

/**
 * From now on requests for `url` are refused. What it returns presses the button that asks again: only what is
 * asked for from then on is answered, however often the page reads anew by itself.
 */
export const refuseUntilAsked = async (page: Page, url: string): Promise<() => Promise<void>> => {
  await page.route(url, async (route) => {
    if (await wasAsked(page)) return route.continue();
    return route.fulfill({ status: 503, json: { error: { code: "database_away", message: AWAY } } });
  });
  return async () => {
    await page.evaluate(() =>
      document.addEventListener("click", () => (document.documentElement.dataset["asked"] = "yes"), {
        capture: true,
        once: true,
      }),
    );
    await page.getByRole("button", { name: "Try again" }).click();
  };
};
