/** A sandbox's page over the real product: a server, an agent and a virtual machine. */
import { afterAll, afterEach, beforeAll, expect, setDefaultTimeout, test } from "bun:test";

import type { Page } from "playwright-core";

import { TestBrowser, type Visitor } from "../support/browser.ts";
import { dialogOf, signInTo } from "../support/dashboard-scene.ts";
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

/** What is typed while it connects goes nowhere: again and again, until the shell answers. */
const typeUntil = async (page: Page, line: string, answer: string): Promise<void> =>
  waitFor(
    `the shell to answer ${answer}`,
    async () => {
      await lastTerminal(page).click();
      await page.keyboard.type(line);
      return (await textOf(lastTerminal(page))).includes(answer);
    },
    SLOW_MS,
    1_000,
  );

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

test("100 KB are pasted whole", async () => {
  const page = await arrive("terminal");
  const lines = Array.from({ length: 1_280 }, (_, at) => `${at} `.padEnd(79, "pasted "));
  const text = `${lines.join("\n")}\n`;
  expect(text.length).toBe(102_400);
  await until(page, "$");
  await page.keyboard.type("cat > pasted.txt; echo read-$((1+1))\n");
  await waitFor(
    "cat to read",
    async () => (await product.api.run(id, "ls pasted.txt 2>/dev/null || true")) !== "",
    SLOW_MS,
    200,
  );
  await page.evaluate((pasted) => navigator.clipboard.writeText(pasted), text);
  await page.keyboard.press("Control+v");
  await waitFor(
    "all of it to be in the file",
    async () => Number(await product.api.run(id, "stat -c %s pasted.txt")) >= text.length,
    SLOW_MS,
    500,
  );
  await page.keyboard.press("Control+d");
  await until(page, "read-2");
  const sum = new Bun.CryptoHasher("sha256").update(text).digest("hex");
  expect(await product.api.run(id, "sha256sum < pasted.txt")).toStartWith(sum);
});

test("after a drop the same shell goes on, with what it showed last", async () => {
  const page = await newPage();
  const sockets: { close(): Promise<void> }[] = [];
  await page.routeWebSocket(/\/pty$/, (socket) => {
    const server = socket.connectToServer();
    sockets.push({
      close: async () => {
        await server.close();
        await socket.close({ code: 1011 });
      },
    });
  });
  await signInTo(page, `/dashboard/sandboxes/${id}?tab=terminal`, product.admin);
  await until(page, "$");
  await page.keyboard.type("mark=kept-$((20+3)); echo shell-$$\n");
  await until(page, "shell-");
  await waitFor("its pid", async () => /^shell-\d+$/m.test(await textOf(lastTerminal(page))), SLOW_MS, 50);
  const shell = /^shell-\d+$/m.exec(await textOf(lastTerminal(page)))?.[0] ?? "";
  await sockets[0]?.close();
  await waitFor("another socket", () => sockets.length === 2, SLOW_MS);
  await typeUntil(page, "echo $mark again-$$\n", `kept-23 again-${shell.slice("shell-".length)}`);
});

test("paused it says so, and the shell goes on when it is resumed", async () => {
  const page = await arrive("terminal");
  await until(page, "$");
  await page.keyboard.type("mark=slept-$((3*3))\n");
  await page.getByRole("button", { name: "Pause", exact: true }).click();
  await page.getByRole("heading", { name: "This sandbox is paused" }).waitFor();
  await page.getByRole("tabpanel", { name: "Terminal" }).getByRole("button", { name: "Resume" }).click();
  await page.getByRole("tab", { name: "Shell 1" }).waitFor();
  await typeUntil(page, "echo $mark\n", "\nslept-9");
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

test("a process is killed, and a port's preview shows what listens there", async () => {
  await product.api.run(id, "mkdir -p site && echo '<h1>A page of the sandbox</h1>' > site/index.html");
  const { pid } = await product.api.ok(`/${id}/exec`, {
    cmd: "python3",
    args: ["-m", "http.server", "3000", "--directory", "site"],
    background: true,
  });
  const page = await arrive("ports");
  const link = page.getByRole("button", { name: "Preview link to port 3000" });
  await waitFor(
    "the port to be listed",
    async () => {
      await page.getByRole("button", { name: "Refresh" }).click();
      return link.isVisible();
    },
    SLOW_MS,
    500,
  );
  await link.click();
  const [opened] = await Promise.all([
    page.waitForEvent("popup"),
    page.getByRole("link", { name: "Open in a new window" }).click(),
  ]);
  await opened.getByRole("heading", { name: "A page of the sandbox" }).waitFor();
  await page.getByRole("tab", { name: "Processes" }).click();
  await page.getByRole("button", { name: `Actions for process ${pid}` }).click();
  await page.getByRole("menuitem", { name: "Kill…" }).click();
  await dialogOf(page, `Kill process ${pid}?`).getByRole("button", { name: "Kill process" }).click();
  await page.getByText(`Process ${pid} is killed.`).waitFor();
});
