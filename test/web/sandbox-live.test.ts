/** A sandbox's page over the real product: a server, an agent and a virtual machine. */
import { afterAll, afterEach, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Page } from "playwright-core";

import { keepScreenshot, TestBrowser, type Visitor } from "../support/browser.ts";
import { dialogOf, signInTo } from "../support/dashboard-scene.ts";
import { testDashboard } from "../support/dashboard.ts";
import { dropFiles } from "../support/drop-files.ts";
import { Line } from "../support/line.ts";
import { TEST_MS, TRANSFER_MB } from "../support/pace.ts";
import { Product } from "../support/product.ts";
import { signUp, type TestPerson } from "../support/server.ts";
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
  product = await Product.start({
    server: { WRENN_WEB_DIR: await testDashboard() },
    agent: { env: { WRENN_SAMPLE_MS: "1000" } },
  });
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

/** A page, by way of the sign-in. @param url where the server is reached */
const visit = async (
  path: string,
  person: Pick<TestPerson, "email" | "password">,
  url = product.server.url,
): Promise<Page> => {
  visitor = await browser.visitor(url);
  visitor.context.setDefaultTimeout(SLOW_MS);
  await signInTo(visitor.page, path, person);
  return visitor.page;
};

/** A view of the sandbox. */
const arrive = (tab: string, url?: string): Promise<Page> =>
  visit(`/dashboard/sandboxes/${id}?tab=${tab}`, product.admin, url);

const until = (page: Page, what: string): Promise<void> => untilShown(lastTerminal(page), what, SLOW_MS);

const shaOf = (data: string): string => new Bun.CryptoHasher("sha256").update(data).digest("hex");

const row = (page: Page, name: string) => page.getByRole("row").filter({ hasText: name });

const choose = async (page: Page, name: string, item: string): Promise<void> => {
  await page.getByRole("button", { name: `Actions for ${name}` }).click();
  await page.getByRole("menuitem", { name: item }).click();
};

describe("terminal", () => {
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

  test("100 KB that are pasted arrive whole", async () => {
    const text = Array.from(
      { length: 1_700 },
      (_, at) => `${at} what is pasted is Ünicode 🪶, ${shaOf(String(at))}\n`,
    );
    const pasted = `${text.join("")}the end\n`;
    expect(Buffer.byteLength(pasted)).toBeGreaterThan(100 * 1024);
    const page = await arrive("terminal");
    await until(page, "$");
    // What the split word comes out as, the command has printed.
    await page.keyboard.type("echo re''ady; cat > pasted; echo read-$((6*7))\n");
    await until(page, "ready");
    await page.evaluate((all) => navigator.clipboard.writeText(all), pasted);
    await page.keyboard.press("Control+v");
    await until(page, "the end");
    await page.keyboard.press("Control+d");
    await until(page, "read-42");
    expect(await product.api.run(id, "sha256sum < pasted")).toStartWith(shaOf(pasted));
  });

  test("after a drop it is the same shell, with all that it printed meanwhile", async () => {
    await using line = await Line.to(product.server.url);
    const page = await arrive("terminal", line.url);
    await until(page, "$");
    await page.keyboard.type('kept=yes; echo "pid-$$-"; tty\n');
    await until(page, "/dev/pts/");
    const { pid, tty } =
      /pid-(?<pid>\d+)-\s+(?<tty>\/dev\/pts\/\d+)/.exec(await textOf(lastTerminal(page)))?.groups ?? {};
    line.cut();
    await page.getByText("Connecting again…").waitFor();
    await keepScreenshot(page, "sandbox terminal dropped");
    await product.api.run(id, `echo while-away > ${tty}`);
    line.mend();
    await until(page, "while-away");
    await page.getByText("Connecting again…").waitFor({ state: "detached" });
    await page.keyboard.type('echo "again-$$-$kept"\n');
    await until(page, `again-${pid}-yes`);
    const told = await textOf(lastTerminal(page));
    expect(told.split(`pid-${pid}-`)).toHaveLength(2);
  });

  test("after the host's agent was killed it is the same shell still", async () => {
    const page = await arrive("terminal");
    await until(page, "$");
    await page.keyboard.type('kept=still; echo "pid-$$-"\n');
    const pid = async (): Promise<string | undefined> =>
      /pid-(\d+)-/.exec(await textOf(lastTerminal(page)))?.[1];
    await waitFor("its number", async () => (await pid()) !== undefined, SLOW_MS, 50);
    const before = await pid();
    await product.agent.crash();
    await page.getByText("Connecting again…").waitFor();
    await product.agent.launch();
    await page.getByText("Connecting again…").waitFor({ state: "detached" });
    await page.keyboard.type('echo "again-$$-$kept"\n');
    await until(page, `again-${before}-still`);
  });

  test("paused and resumed by somebody else, it says so at once and goes on", async () => {
    const page = await arrive("terminal");
    const status = page.locator("wr-sandbox-view .status");
    await until(page, "$");
    await page.keyboard.type('kept=asleep; echo "set-$((1+1))"\n');
    await until(page, "set-2");
    await product.api.pause(id);
    await page.getByRole("heading", { name: "This sandbox is paused" }).waitFor();
    await status.getByText("Paused").waitFor();
    await page.getByRole("button", { name: "Pause", exact: true }).waitFor({ state: "detached" });
    await product.api.resume(id);
    await status.getByText("Running").waitFor();
    await page.locator("wr-terminal:not([deaf])").waitFor();
    // The keyboard is where it was.
    await page.keyboard.type('echo "still-$kept"\n');
    await until(page, "still-asleep");
  });
});

test("one click leads a newcomer from the first page to a shell", async () => {
  const page = await visit("/dashboard/sandboxes", await signUp(product.server.url, "Grace Hopper"));
  await page.getByRole("button", { name: "Launch your first sandbox" }).click();
  await until(page, "$");
  await page.keyboard.type("echo typed-$((6*7))\n");
  await until(page, "typed-42");
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

test("files: the tree, the way to a directory, a look, a new name, and an end", async () => {
  const page = await arrive("files");
  const tree = page.getByRole("tree", { name: "Directories" });
  const way = page.getByRole("navigation", { name: "Where you are" });
  await page.getByRole("button", { name: "New folder" }).click();
  await dialogOf(page, "New folder").getByLabel("Name").fill("papers 🪶");
  await page.keyboard.press("Enter");
  await row(page, "papers 🪶").waitFor();
  await tree.getByRole("treeitem", { name: "user", exact: true }).press("ArrowRight");
  await tree.getByRole("treeitem", { name: "papers 🪶" }).click();
  await page.getByRole("heading", { name: "This folder is empty" }).waitFor();
  expect((await way.getByRole("listitem").allInnerTexts()).map((part) => part.trim())).toEqual([
    "root",
    "home",
    "user",
    "papers 🪶",
  ]);

  const directory = mkdtempSync(join(tmpdir(), "wrenn-drop-"));
  try {
    const code = join(directory, "code.ts");
    await Bun.write(code, "const answer = 42;\n");
    await dropFiles(page.getByRole("tabpanel", { name: "Files" }), [code], async () => {
      await page.getByText("Drop files to upload them to /home/user/papers 🪶").waitFor();
      await keepScreenshot(page, "sandbox files drop");
    });
    await row(page, "code.ts").last().getByRole("link").click();
  } finally {
    rmSync(directory, { recursive: true });
  }
  await page.getByRole("region", { name: "Content of code.ts" }).getByText("const answer = 42;").waitFor();
  await choose(page, "code.ts", "Rename…");
  await dialogOf(page, "Rename code.ts").getByLabel("New name").fill("renamed.ts");
  await page.keyboard.press("Enter");
  await row(page, "renamed.ts").waitFor();
  expect(await product.api.run(id, "cat 'papers 🪶/renamed.ts'")).toBe("const answer = 42;\n");

  await way.getByRole("link", { name: "root" }).click();
  await tree.getByRole("treeitem", { name: "etc", exact: true }).click();
  await page.getByRole("table", { name: "Files in /etc" }).waitFor();
  await keepScreenshot(page, "sandbox files tree");
  await tree.getByRole("treeitem", { name: "user", exact: true }).click();
  await choose(page, "papers 🪶", "Delete…");
  await dialogOf(page, "Delete papers 🪶?").getByRole("button", { name: "Delete folder" }).click();
  await row(page, "papers 🪶").waitFor({ state: "detached" });
  await tree.getByRole("treeitem", { name: "papers 🪶" }).waitFor({ state: "detached" });
  expect(await product.api.run(id, "ls")).not.toContain("papers");
});

test("a process is killed, with what it started", async () => {
  await product.api.ok(`/${id}/exec`, { cmd: "sleep 7777 & sleep 8888", background: true });
  const page = await arrive("processes");
  const line = row(page, "sleep 7777");
  await line.getByRole("button", { name: /^Actions for process/ }).click();
  await page.getByRole("menuitem", { name: "Kill…" }).click();
  await dialogOf(page, /^Kill process/)
    .getByRole("button", { name: "Kill process" })
    .click();
  await page.getByText(/^Process \d+ is killed\.$/).waitFor();
  await line.waitFor({ state: "detached" });
  expect(await product.api.run(id, "pgrep -f '[s]leep (7777|8888)' || echo none")).toBe("none\n");
});

test("a port that is listened on is listed, and its preview link shows what is there", async () => {
  const cmd =
    "mkdir -p site && echo 'hello <b>from</b> inside' > site/index.html && exec python3 -m http.server -d site 8123";
  await product.api.ok(`/${id}/exec`, { cmd, background: true });
  const page = await arrive("ports");
  const button = page.getByRole("button", { name: "Preview link to port 8123" });
  await waitFor(
    "it to be listed",
    async () => {
      await page.getByRole("button", { name: "Refresh" }).click();
      return button.isVisible();
    },
    SLOW_MS,
    250,
  );
  await button.click();
  const opening = visitor.context.waitForEvent("page");
  await page
    .getByRole("region", { name: "Link to port 8123" })
    .getByRole("link", { name: "Open in a new window" })
    .click();
  const preview = await opening;
  await preview.getByText("hello from inside").waitFor();
  expect(new URL(preview.url()).origin).not.toBe(new URL(product.server.url).origin);
});

test("what it uses is drawn", async () => {
  const page = await arrive("overview");
  for (const [label, value] of [
    ["Processors", /^[\d.]+ %, /],
    ["Memory", /^[\d.]+ MB, /],
    ["Disk", /^[\d.]+ [MG]B, /],
  ] as const) {
    const chart = page.getByRole("slider", { name: `${label} over time` });
    await chart.waitFor();
    expect(await chart.getAttribute("aria-valuetext")).toMatch(value);
  }
  await keepScreenshot(page, "sandbox usage");
});
