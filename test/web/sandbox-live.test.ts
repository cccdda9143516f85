/** A sandbox's page over the real product: a server, an agent and a virtual machine. */
import { afterAll, afterEach, beforeAll, expect, setDefaultTimeout, test } from "bun:test";

import type { Page } from "playwright-core";

import { TestBrowser, type Visitor } from "../support/browser.ts";
import { signInTo } from "../support/dashboard-scene.ts";
import { testDashboard } from "../support/dashboard.ts";
import { TEST_MS, TRANSFER_MB } from "../support/pace.ts";
import { Product } from "../support/product.ts";
import { lastTerminal, sizeOf, textOf, untilShown } from "../support/terminal.ts";
import { waitFor } from "../support/wait-for.ts";

setDefaultTimeout(TEST_MS);

const MB = 2 ** 20;
/** A machine without KVM takes its time. */
const SLOW_MS = 60_000;

let product: Product;
let browser: TestBrowser;
let id: string;
let visitor: Visitor;
beforeAll(async () => {
  product = await Product.start({ server: { WRENN_WEB_DIR: await testDashboard() } });
  browser = await TestBrowser.launch();
  id = await product.api.create({ timeout_sec: 3600 });
});
afterEach(async () => {
  await visitor.context.close();
  visitor.requireClean();
});
afterAll(async () => {
  await browser.close();
  await product[Symbol.asyncDispose]();
});

const newPage = async (): Promise<Page> => {
  visitor = await browser.visitor(product.server.url);
  visitor.context.setDefaultTimeout(SLOW_MS);
  return visitor.page;
};

const arrive = async (tab: string): Promise<Page> => {
  const page = await newPage();
  await signInTo(page, `/dashboard/sandboxes/${id}?tab=${tab}`, product.admin);
  return page;
};

const until = (page: Page, what: string): Promise<void> => untilShown(lastTerminal(page), what, SLOW_MS);

test("what is typed runs, in a window of the screen's size", async () => {
  const page = await arrive("terminal");
  await until(page, "$");
  await page.keyboard.type("echo typed-$((6*7)); stty size\n");
  await until(page, "typed-42");
  const told = async (): Promise<string | undefined> =>
    [...(await textOf(lastTerminal(page))).matchAll(/^(\d+ \d+)$/gm)].at(-1)?.[1];
  await waitFor("the size to be told", async () => (await told()) !== undefined, SLOW_MS, 50);
  const before = await told();
  await page.setViewportSize({ width: 900, height: 600 });
  await waitFor(
    "the smaller size to reach the shell",
    async () => {
      await page.keyboard.type("stty size\n");
      return (await told()) !== before;
    },
    SLOW_MS,
    500,
  );
  const { cols, rows } = await sizeOf(lastTerminal(page));
  await waitFor("both to agree", async () => (await told()) === `${rows} ${cols}`, SLOW_MS, 50);
});

test(`${TRANSFER_MB} MB go up and come down whole, with progress`, async () => {
  const page = await arrive("files");
  await page.getByRole("button", { name: "Upload", exact: true }).waitFor();
  const sum = await page.locator("wr-sandbox-files input[type=file]").evaluate(async (input, size) => {
    // Made in the browser: the tools that steer it take no more than 50 MB.
    const parts: Uint8Array<ArrayBuffer>[] = [];
    for (let at = 0; at < size; at += 65_536) parts.push(crypto.getRandomValues(new Uint8Array(65_536)));
    const file = new File(parts, "large.bin");
    const transfer = new DataTransfer();
    transfer.items.add(file);
    (input as HTMLInputElement).files = transfer.files;
    input.dispatchEvent(new Event("change"));
    const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
    return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  }, TRANSFER_MB * MB);
  const bar = page.getByRole("progressbar", { name: "Uploading large.bin" });
  await bar.waitFor();
  await waitFor("progress", async () => Number(await bar.getAttribute("aria-valuenow").catch(() => 100)) > 0);
  await bar.waitFor({ state: "detached", timeout: TEST_MS });
  expect(await product.api.run(id, "sha256sum < large.bin")).toStartWith(sum);
  const downloading = page.waitForEvent("download", { timeout: TEST_MS });
  await page.getByRole("button", { name: "Actions for large.bin" }).click();
  await page.getByRole("menuitem", { name: "Download" }).click();
  await page.getByRole("progressbar", { name: "Downloading large.bin" }).waitFor();
  const download = await downloading;
  expect(download.suggestedFilename()).toBe("large.bin");
  const hasher = new Bun.CryptoHasher("sha256");
  for await (const chunk of Bun.file(await download.path()).stream()) hasher.update(chunk);
  expect(hasher.digest("hex")).toBe(sum);
});
