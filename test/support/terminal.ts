/** What a terminal of the dashboard shows, read off the element itself. */
import type { Locator, Page } from "playwright-core";

import { waitFor } from "./wait-for.ts";

/** The part of `wr-terminal` that tests look at. */
interface Screen {
  text: string;
  size: { cols: number; rows: number };
}

/** Of several the one that was opened last. */
export const lastTerminal = (page: Page): Locator => page.locator("wr-terminal").last();

export const textOf = (terminal: Locator): Promise<string> =>
  terminal.evaluate((element) => (element as unknown as Screen).text);

export const sizeOf = (terminal: Locator): Promise<Screen["size"]> =>
  terminal.evaluate((element) => (element as unknown as Screen).size);

export const untilShown = (terminal: Locator, what: string, timeoutMs = 15_000): Promise<void> =>
  waitFor(`the terminal to show ${what}`, async () => (await textOf(terminal)).includes(what), timeoutMs, 50);
