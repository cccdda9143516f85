/** Takes pictures in a browser whose clock stands still, and keeps those that show something new. */
import type { Page } from "playwright-core";

import type { TestBrowser, VisitOptions, Visitor } from "../support/browser.ts";
import { signInTo } from "../support/dashboard-scene.ts";
import type { TestPerson } from "../support/server.ts";

/** Ids, tokens and times that are others each time differ in fewer pixels than this share. */
const SAME_SHARE = 0.01;

export interface Shot {
  /** Who is signed in. */
  person: TestPerson;
  path: string;
  theme: Required<VisitOptions>["theme"];
  height?: number | undefined;
  /** The moment that it shows. */
  now: Date;
  show: (page: Page) => Promise<void>;
}

/** How much of two pictures differs, 0 to 1; other sizes are all different. Runs in a page. */
const differingShare = async ([one, other]: [string, string]): Promise<number> => {
  const read = async (base64: string): Promise<ImageData> => {
    const response = await fetch(`data:image/png;base64,${base64}`);
    const bitmap = await createImageBitmap(await response.blob());
    const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
    if (context === null) throw new Error("no canvas");
    context.drawImage(bitmap, 0, 0);
    return context.getImageData(0, 0, bitmap.width, bitmap.height);
  };
  const [left, right] = [await read(one), await read(other)];
  if (left.width !== right.width || left.height !== right.height) return 1;
  let differing = 0;
  for (let at = 0; at < left.data.length; at += 4) {
    const isOther = [0, 1, 2].some((part) => left.data[at + part] !== right.data[at + part]);
    if (isOther) differing += 1;
  }
  return differing / (left.data.length / 4);
};

export class Camera {
  constructor(
    private readonly browser: TestBrowser,
    private readonly url: string,
  ) {}

  /** PNG of the window. */
  async take({ person, path, show, now, ...sight }: Shot): Promise<Buffer> {
    const visitor = await this.#visitor(sight);
    await visitor.context.clock.setFixedTime(now);
    const { page } = visitor;
    await signInTo(page, path, person);
    await show(page);
    await page.mouse.move(0, 0);
    await page.evaluate(() => document.fonts.ready);
    const picture = await page.screenshot({ animations: "disabled", caret: "hide" });
    await visitor.context.close();
    visitor.requireClean();
    return picture;
  }

  /** Whether it shows what the file shows already. */
  async isLike(picture: Buffer, file: string): Promise<boolean> {
    if (!(await Bun.file(file).exists())) return false;
    const before = Buffer.from(await Bun.file(file).bytes());
    const visitor = await this.#visitor({ theme: "light" });
    const share = await visitor.page.evaluate(differingShare, [
      before.toString("base64"),
      picture.toString("base64"),
    ] as [string, string]);
    await visitor.context.close();
    return share < SAME_SHARE;
  }

  #visitor({ theme, height = 800 }: Pick<Shot, "theme" | "height">): Promise<Visitor> {
    return this.browser.visitor(this.url, { theme, height });
  }
}
