/** Files of this machine dragged from outside into a page and let go there, as the browser itself sees it. */
import type { Locator } from "playwright-core";

/** What a drag may do where it is let go: copy. */
const COPY = 1;

/** @param during what is looked at while they are held over it */
export const dropFiles = async (
  target: Locator,
  files: readonly string[],
  during: () => Promise<unknown> = async () => {},
): Promise<void> => {
  const page = target.page();
  const box = await target.boundingBox();
  if (box === null) throw new Error("what they are to be dropped on is not on the page");
  const [x, y] = [box.x + box.width / 2, box.y + Math.min(box.height / 2, 100)];
  const data = { items: [], files: [...files], dragOperationsMask: COPY };
  const browser = await page.context().newCDPSession(page);
  const tell = (type: "dragEnter" | "dragOver" | "drop") =>
    browser.send("Input.dispatchDragEvent", { type, x, y, data });
  await tell("dragEnter");
  await tell("dragOver");
  await during();
  await tell("drop");
  await browser.detach();
};
